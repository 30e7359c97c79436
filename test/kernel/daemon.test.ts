/** The daemon as a process, with the kernel and without: what its peers send leads to the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { bgp } from '../support/capture-builder.ts'
import { type Child, startProgram } from '../support/child.ts'
import {
  connectPeer,
  endOfRib,
  keepaliveMessage,
  openMessage,
  type PeerConnection,
} from '../support/scripted-peer.ts'
import { flood } from '../support/twin-octets.ts'

const launcher = new URL('../../bin/bgpwarden.js', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'bgpwarden-kernel-'))
afterAll(() => rmSync(folder, { recursive: true }))

let child: Child | undefined
let peer: PeerConnection | undefined
afterEach(async () => {
  peer?.destroy()
  child?.process.kill('SIGKILL')
  await child?.ended
})

const file = join(folder, 'bgpwarden.yaml')
writeFileSync(
  file,
  `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: 0 }]
  http: { address: 127.0.0.1, port: 0 }
sessions:
  - { name: edge-a, address: 127.0.0.1, asn: 64501, passive: true }
policy: { requiredCommunities: [], bogonAsn: off }
prefixes:
  - { name: web, prefix: 10.0.3.0/32, originAsns: [100068] }
  - { name: mail, prefix: 203.0.113.0/24 }
`,
)

interface StartLine {
  bgp: { port: number }[]
  http: string
}

// As with a low `ulimit -v`, which the tools that run TypeScript would not survive.
const noMemory = `const { Memory } = WebAssembly
WebAssembly.Memory = function (descriptor) {
  if (descriptor.shared) throw new RangeError('could not allocate memory')
  return new Memory(descriptor)
}`

test.each([
  ['as it is', []],
  ['without a kernel', ['--import', `data:text/javascript,${encodeURIComponent(noMemory)}`]],
] as const)('a daemon takes a table: %s', { timeout: 60_000 }, async (_where, options) => {
  const [first = launcher, ...more] = [...options, launcher, 'run', '-c', file]
  child = startProgram(first, ...more)
  const started = JSON.parse(await child.until('"event":"started"')) as StartLine
  peer = await connectPeer(started.bgp[0]?.port ?? 0)
  peer.send(openMessage())
  await peer.expect(1)
  await peer.expect(4)
  peer.send(keepaliveMessage)
  const routes = flood(false, 0, 3000, { perMessage: 3, sets: 100, remoteAsn: 64501 })
  // A message that is not for the kernel in between: 10.0.0.7/32 is withdrawn.
  const gone = bgp(2, [0, 5, 32, 10, 0, 0, 7, 0, 0])
  peer.send(routes, gone, endOfRib)

  const state = async (name: string) => {
    const answer = await fetch(`${started.http}/api/v1/prefixes/${name}`)
    const { state, errorMessage } = (await answer.json()) as Record<string, unknown>
    return { state, errorMessage }
  }
  await expect.poll(() => state('mail'), { timeout: 20_000 }).toMatchObject({ state: 'Failed' })
  expect(await state('web')).toEqual({ state: 'Verified', errorMessage: '' })
  const metrics = await (await fetch(`${started.http}/metrics`)).text()
  expect(metrics).toContain('bgpwarden_rib_routes{family="ipv4"} 2999\n')
  expect(metrics).toContain('bgpwarden_rib_attribute_sets 100\n')
  child.process.kill('SIGTERM')
  expect(await child.ended).toBe(0)
})
