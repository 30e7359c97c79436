import { describe, expect, test } from 'vitest'
import { readSyn } from '../../src/session/syn.ts'

/** RFC 791 §3.1: from 192.0.2.1 to 192.0.2.2. */
function ipv4(ttl: number, options: number[] = [], protocol = 6): number[] {
  const words = 5 + options.length / 4
  const head = [0x40 | words, 0, 0, 0, 0, 0, 0x40, 0, ttl, protocol, 0, 0]
  return [...head, 192, 0, 2, 1, 192, 0, 2, 2, ...options]
}

/** RFC 8200 §3: from and to ::. */
function ipv6(hopLimit: number, next: number, extension: number[] = []): number[] {
  return [0x60, 0, 0, 0, 0, 0, next, hopLimit, ...Array(32).fill(0), ...extension]
}

/** RFC 9293 §3.1: a SYN to port 179. */
function tcp(options: number[] = []): number[] {
  const head = [0xc3, 0x50, 0, 179, 0, 0, 0, 1, 0, 0, 0, 0, (5 + options.length / 4) << 4, 2]
  return [...head, 0xff, 0xff, 0, 0, 0, 0, ...options]
}

/** RFC 2385 §3.0: kind 19, length 18, digest; before it maximum segment size and two NOPs. */
const signature = [2, 4, 5, 0xb4, 1, 1, 19, 18, ...Array(16).fill(0xab)]

test.for([
  ['IPv4', [...ipv4(255), ...tcp()], { family: 'ipv4', ttl: 255, signed: false }],
  ['IPv4 options', [...ipv4(7, [1, 1, 1, 0]), ...tcp()], { family: 'ipv4', ttl: 7, signed: false }],
  ['signed', [...ipv4(64), ...tcp(signature)], { family: 'ipv4', ttl: 64, signed: true }],
  ['IPv6', [...ipv6(254, 6), ...tcp(signature)], { family: 'ipv6', ttl: 254, signed: true }],
  [
    'IPv6 with an extension header',
    [...ipv6(1, 60, [6, 0, 1, 4, 0, 0, 0, 0]), ...tcp()],
    { family: 'ipv6', ttl: 1, signed: false },
  ],
] as const)('%s', ([, octets, expected]) => {
  expect(readSyn(Uint8Array.from(octets))).toEqual(expected)
})

describe('what is no signature', () => {
  test.for([
    ['19 inside another option', [8, 10, 19, 18, 0, 0, 0, 0, 0, 0, 1, 1]],
    ['19 behind the end of the options', [0, 19, 18, 0]],
    ['an option of length 0', [3, 0, 1, 1]],
  ] as const)('%s', ([, options]) => {
    expect(readSyn(Uint8Array.from([...ipv4(64), ...tcp([...options])]))?.signed).toBe(false)
  })
})

test.for([
  ['nothing', []],
  ['another version', [...ipv4(64).with(0, 0x55), ...tcp()]],
  ['UDP', [...ipv4(64, [], 17), ...tcp()]],
  ['a TCP header cut short', [...ipv4(64), ...tcp().slice(0, 19)]],
  ['an extension header that leads out', ipv6(64, 0, [6, 255])],
] as const)('no SYN: %s', ([, octets]) => {
  expect(readSyn(Uint8Array.from(octets))).toBeUndefined()
})
