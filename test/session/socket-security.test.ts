import { Socket } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  createSocketSecurity,
  type ListeningSocket,
  type Secured,
  SocketSecurityError,
  silenceHint,
} from '../../src/session/socket-security.ts'
import {
  loadSystemCalls,
  SystemCallError,
  type SystemCalls,
} from '../../src/session/system-calls.ts'

/** A kernel that notes what it is told: `descriptor level option value`. */
function fakeKernel() {
  const calls: string[] = []
  const refused = new Map<number, string>()
  let descriptors = 40
  const kernel: SystemCalls = {
    openSocket(family) {
      descriptors += 1
      calls.push(`socket ${family} ${descriptors}`)
      return descriptors
    },
    setOption(descriptor, level, option, value) {
      const code = refused.get(option)
      if (code !== undefined) throw new SystemCallError('setsockopt', code)
      calls.push(`${descriptor} ${level}/${option} ${shown(option, value)}`)
    },
    getOption() {
      throw new SystemCallError('getsockopt', 'ENOENT')
    },
    close(descriptor) {
      calls.push(`close ${descriptor}`)
    },
  }
  return { kernel, calls, refused }
}

/** <linux/tcp.h> struct tcp_md5sig: address, flags, prefix length, key length, interface, key. */
function shown(option: number, value: Uint8Array): string {
  const bytes = Buffer.from(value)
  if (option !== 14 && option !== 32) return String(bytes.readInt32LE(0))
  expect(bytes).toHaveLength(216)
  const family = bytes.readUInt16LE(0)
  const address = family === 2 ? bytes.subarray(4, 8) : bytes.subarray(8, 24)
  const range = bytes[128] === 1 ? `/${bytes[129]}` : ''
  const length = bytes.readUInt16LE(130)
  const key = bytes.subarray(136, 136 + length).toString('latin1')
  return `family ${family} ${address.toString('hex')}${range} "${key}"`
}

let fake: ReturnType<typeof fakeKernel>
let security: ReturnType<typeof createSocketSecurity>
beforeEach(() => {
  fake = fakeKernel()
  security = createSocketSecurity(() => fake.kernel)
})

function secured(changes: Partial<Secured> = {}): Secured {
  return { name: 'edge-a', address: '192.0.2.2', ...changes }
}

function listening(address: string): ListeningSocket {
  return { descriptor: 7, address, port: 179 }
}

function messageOf(act: () => void): string {
  try {
    act()
  } catch (error) {
    if (error instanceof SocketSecurityError) return error.message
    throw error
  }
  return 'nothing thrown'
}

const mapped = '00000000000000000000ffffc0000202'

describe('verify', () => {
  test('asks nothing of the machine when no session asks for anything', () => {
    const untouched = createSocketSecurity(() => {
      throw new Error('loaded')
    })
    untouched.verify([secured()])
    untouched.protect([listening('::')], [secured()])
  })

  test('tries all on one socket a family, and closes it', () => {
    security.verify([
      secured({ password: 'a' }),
      secured({ name: 'b', address: '192.0.2.3', ttlSecurity: 2 }),
      secured({ name: 'c', address: '2001:db8::1', ttlSecurity: 1 }),
    ])
    expect(fake.calls).toEqual([
      'socket ipv4 41',
      '41 6/27 1',
      '41 6/14 family 2 c0000202 "a"',
      '41 0/2 255',
      '41 0/21 254',
      'socket ipv6 42',
      '42 6/27 1',
      '42 41/16 255',
      '42 41/73 255',
      'close 41',
      'close 42',
    ])
  })

  test.for([
    [
      14,
      'ENOPROTOOPT',
      'password',
      'TCP MD5 signatures (RFC 2385): the kernel does not support it',
    ],
    [14, 'EPERM', 'password', 'TCP MD5 signatures (RFC 2385): the kernel does not permit it'],
    [21, 'ENOPROTOOPT', 'ttlSecurity', 'TTL security (RFC 5082): the kernel does not support it'],
  ] as const)('a kernel that refuses option %s', ([option, code, key, why]) => {
    fake.refused.set(option, code)
    const config = secured({ password: 'top-secret', ttlSecurity: 1 })
    expect(messageOf(() => security.verify([config]))).toBe(
      `session edge-a: ${key} cannot be had here: ${why}`,
    )
    expect(fake.calls.at(-1)).toBe('close 41')
  })

  test.for([
    ['darwin', 'it needs Linux, and this is darwin'],
    [
      'linux',
      "the npm package koffi, which is optional, cannot be loaded (Cannot find module 'koffi')",
    ],
  ] as const)('a machine that cannot: %s', ([platform, why]) => {
    const none = createSocketSecurity(() =>
      loadSystemCalls(platform, () => {
        throw new Error("Cannot find module 'koffi'\nRequire stack:")
      }),
    )
    expect(messageOf(() => none.verify([secured({ ttlSecurity: 1 })]))).toBe(
      `session edge-a: ttlSecurity cannot be had here: TTL security (RFC 5082): ${why}`,
    )
  })

  test('two passwords for one address', () => {
    const configs = [secured({ password: 'one' }), secured({ name: 'edge-b', password: 'two' })]
    expect(messageOf(() => security.verify(configs))).toBe(
      'session edge-b: password cannot be had here: session edge-a has another one for 192.0.2.2, and there is one for each address',
    )
  })
})

describe('a listening socket', () => {
  test('is told each password once, and the changes', () => {
    const socket = listening('192.0.2.1')
    const both = [
      secured({ password: 'one' }),
      secured({ name: 'b', address: '192.0.2.3', password: 'two' }),
    ]
    security.protect([socket], both)
    expect(fake.calls.splice(0)).toEqual([
      '7 6/27 1',
      '7 6/14 family 2 c0000202 "one"',
      '7 6/14 family 2 c0000203 "two"',
    ])
    security.protect([socket], both)
    expect(fake.calls.splice(0)).toEqual([])
    security.protect([socket], [secured({ password: 'changed' })])
    expect(fake.calls.splice(0)).toEqual([
      '7 6/14 family 2 c0000203 ""',
      '7 6/14 family 2 c0000202 "changed"',
    ])
    security.protect([socket], [secured()])
    expect(fake.calls.splice(0)).toEqual(['7 6/14 family 2 c0000202 ""'])
  })

  test('on :: knows IPv4 peers too, in the IPv6 form', () => {
    security.protect([listening('::')], [secured({ password: 'one' })])
    expect(fake.calls).toEqual(['7 6/27 1', `7 6/14 family 10 ${mapped} "one"`])
  })

  test('of another family knows none', () => {
    security.protect([listening('2001:db8::10')], [secured({ password: 'one' })])
    expect(fake.calls).toEqual([])
  })

  test('answers with TTL 255 where a session has TTL security', () => {
    security.protect([listening('::')], [secured({ ttlSecurity: 1 })])
    expect(fake.calls).toEqual(['7 6/27 1', '7 0/2 255', '7 41/16 255'])
  })

  test('knows the password of a range', () => {
    const range = secured({ address: '192.0.2.0', prefixLength: 24, password: 'all' })
    security.protect([listening('0.0.0.0')], [range])
    expect(fake.calls.at(-1)).toBe('7 6/32 family 2 c0000200/24 "all"')
  })
})

test('a connection whose SYN was not kept is not taken by a session that asks for anything', () => {
  security.verify([secured({ ttlSecurity: 1 })])
  const socket = new Socket()
  expect(security.judge(socket, {})).toBeUndefined()
  expect(security.judge(socket, { ttlSecurity: 1 })).toBe(
    'the kernel did not keep its SYN, by which it is judged',
  )
  socket.destroy()
})

test('a socket that cannot be protected is closed', () => {
  fake.refused.set(14, 'ENOMEM')
  expect(messageOf(() => security.openSocket(secured({ password: 'x' })))).toBe(
    'session edge-a: password cannot be had here: TCP MD5 signatures (RFC 2385): the kernel has no room for more passwords (net.core.optmem_max)',
  )
  expect(fake.calls).toEqual(['socket ipv4 41', 'close 41'])
})

test.for([
  [{}, ''],
  [{ password: 'x' }, ' (wrong password?)'],
  [{ ttlSecurity: 1 }, ' (no TTL security, or more than 1 hop away?)'],
  [
    { password: 'x', ttlSecurity: 3 },
    ' (wrong password? no TTL security, or more than 3 hops away?)',
  ],
] as const)('what may be the matter with %j', ([demands, hint]) => {
  expect(silenceHint(demands)).toBe(hint)
})
