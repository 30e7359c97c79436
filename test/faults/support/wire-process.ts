/**
 * Makes two TAP devices and passes frames between them. SIGUSR2: read the faults from the file.
 *
 * argv: name of one device, name of the other, file with WireFaults as JSON
 */
import { openSync, read, readFileSync, writeSync } from 'node:fs'
import koffi from 'koffi'
import type { WireFaults } from './wire.ts'

const [near = '', far = '', settings = ''] = process.argv.slice(2)

// linux/if_tun.h
const TUNSETIFF = 0x400454ca
const IFF_TAP = 0x0002
const IFF_NO_PI = 0x1000
const LONGEST_FRAME = 65_600

const ioctl = koffi.load('libc.so.6').func('int ioctl(int fd, unsigned long request, void *arg)')
let faults: WireFaults = { delay: 0, jitter: 0, loss: 0 }

function tap(name: string): number {
  const descriptor = openSync('/dev/net/tun', 'r+')
  const request = Buffer.alloc(40)
  request.write(name)
  request.writeUInt16LE(IFF_TAP | IFF_NO_PI, 16)
  if (ioctl(descriptor, TUNSETIFF, request) !== 0) throw new Error(`no TAP device ${name}`)
  return descriptor
}

function write(to: number, frame: Buffer): void {
  try {
    writeSync(to, frame)
  } catch {
    // The device is down: a frame that a real link would lose too.
  }
}

function pass(from: number, to: number): void {
  const buffer = Buffer.alloc(LONGEST_FRAME)
  read(from, buffer, 0, buffer.length, null, (error, length) => {
    if (error) {
      // A device that is down cannot be read.
      setTimeout(() => pass(from, to), 20)
      return
    }
    const { delay, jitter, loss } = faults
    if (Math.random() >= loss) {
      const frame = Buffer.from(buffer.subarray(0, length))
      const late = delay + jitter * (2 * Math.random() - 1)
      if (late < 1) write(to, frame)
      else setTimeout(write, late, to, frame)
    }
    pass(from, to)
  })
}

process.on('SIGUSR2', () => {
  faults = JSON.parse(readFileSync(settings, 'utf8')) as WireFaults
})
const devices = [tap(near), tap(far)] as const
pass(devices[0], devices[1])
pass(devices[1], devices[0])
console.log('wired')
