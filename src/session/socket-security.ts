/**
 * TCP MD5 signatures (RFC 2385) and generalised TTL security (RFC 5082) on the sockets of sessions.
 * A session that asks for one of them has it or does not come up: nothing here is tried and given up.
 */
import { isIPv4, type Socket } from 'node:net'
import type { Endpoint } from './listener.ts'
import { createSocket } from './shared-buffer.ts'
import {
  leastTtl,
  limitTtl,
  type SocketFamily,
  saveSyns,
  sendAtMaxTtl,
  setPassword,
  takeSavedSyn,
} from './socket-options.ts'
import type { Syn } from './syn.ts'
import {
  loadSystemCalls,
  NoSystemCallsError,
  SystemCallError,
  type SystemCalls,
} from './system-calls.ts'
import type { SessionConfig } from './types.ts'

/** What is asked of sockets. */
export interface Demands {
  readonly password?: SessionConfig['password'] | undefined
  readonly ttlSecurity?: SessionConfig['ttlSecurity'] | undefined
}

/** A peer, or a range of peers, and what is asked of the sockets towards it. */
export interface Secured extends Demands {
  readonly name: string
  readonly address: string
  /** Bits of `address` that all peers of the range share; absent: one peer. */
  readonly prefixLength?: number
}

type Key = keyof Demands

/** This machine cannot protect a session as it asks; `message` names the session and the reason. */
export class SocketSecurityError extends Error {
  override readonly name = 'SocketSecurityError'
  readonly session: string
  readonly key: Key

  constructor(session: string, key: Key, why: string) {
    super(`session ${session}: ${key} cannot be had here: ${why}`)
    this.session = session
    this.key = key
  }
}

const whatIs = {
  password: 'TCP MD5 signatures (RFC 2385)',
  ttlSecurity: 'TTL security (RFC 5082)',
} as const satisfies Record<Key, string>

const causes: Record<string, string> = {
  ENOPROTOOPT: 'the kernel does not support it',
  EPERM: 'the kernel does not permit it',
  EACCES: 'the kernel does not permit it',
  ENOENT: 'the kernel has no MD5',
  ENOMEM: 'the kernel has no room for more passwords (net.core.optmem_max)',
  EAFNOSUPPORT: "this machine does not have the address family of the session's address",
}

/** @returns whether anything is asked for */
export function isSecured({ password, ttlSecurity }: Demands): boolean {
  return password !== undefined || ttlSecurity !== undefined
}

/** What may be the matter when a peer does not answer, as the end of a sentence; mostly empty. */
export function silenceHint({ password, ttlSecurity: hops }: Demands): string {
  const doubts = [
    ...(password === undefined ? [] : ['wrong password?']),
    ...(hops === undefined
      ? []
      : [`no TTL security, or more than ${hops} ${hops === 1 ? 'hop' : 'hops'} away?`]),
  ]
  return doubts.length === 0 ? '' : ` (${doubts.join(' ')})`
}

/** A socket that listens, by its descriptor, and where. The object is the same as long as it is open. */
export interface ListeningSocket extends Endpoint {
  readonly descriptor: number
}

export interface SocketSecurity {
  /**
   * Tries what sessions ask for, on sockets that lead nowhere.
   * @throws SocketSecurityError for the first session that could not be protected
   */
  verify(all: readonly Secured[]): void
  /** @returns a socket for a connection to the peer. @throws SocketSecurityError */
  openSocket(peer: Secured): Socket
  /**
   * Judges an accepted connection by its SYN.
   * @returns why a session must not take it, in one sentence
   */
  judge(socket: Socket, demands: Demands): string | undefined
  /**
   * Makes the kernel judge by TTL what follows on an accepted connection.
   * @returns why that is not possible, in one sentence
   */
  limit(socket: Socket, demands: Demands): string | undefined
  /**
   * Makes listening sockets know all passwords, and those alone.
   * @throws SocketSecurityError
   */
  protect(sockets: readonly ListeningSocket[], all: readonly Secured[]): void
}

/** The descriptor of a server or a socket; -1 when it is closed. */
export function descriptorOf(owner: object): number {
  // Node tells it nowhere else, and has told it here since its first versions.
  const handle: unknown = Reflect.get(owner, '_handle')
  if (typeof handle !== 'object' || handle === null) return -1
  const descriptor: unknown = Reflect.get(handle, 'fd')
  return typeof descriptor === 'number' ? descriptor : -1
}

function familyOf(address: string): SocketFamily {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}

function ownerOf({ address, prefixLength }: Secured): string {
  return prefixLength === undefined ? address : `${address}/${prefixLength}`
}

/** The kernel keeps one key for each address. @throws SocketSecurityError */
function checkShared(all: readonly Secured[]): void {
  const first = new Map<string, Secured>()
  for (const one of all) {
    const owner = ownerOf(one)
    const earlier = first.get(owner)
    if (earlier === undefined) first.set(owner, one)
    else if (earlier.password !== one.password) {
      const why = `session ${earlier.name} has another one for ${owner}, and there is one for each address`
      throw new SocketSecurityError(one.name, 'password', why)
    }
  }
}

/** What a listening socket was told. */
interface Told {
  /** Passwords by owner. */
  readonly passwords: Map<string, Secured>
  keepsSyns: boolean
  atMaxTtl: boolean
}

/** @param load makes the system calls; asked only when a session needs them */
export function createSocketSecurity(load: () => SystemCalls = loadSystemCalls): SocketSecurity {
  let loaded: SystemCalls | undefined
  const told = new WeakMap<ListeningSocket, Told>()
  /** SYNs of accepted connections; null: none was kept. The kernel gives each of them once. */
  const syns = new WeakMap<Socket, Syn | null>()

  /** Makes calls, and names session and key in whatever one of them throws. */
  function attempt<T>({ name }: Secured, key: Key, act: (calls: SystemCalls) => T): T {
    try {
      loaded ??= load()
      return act(loaded)
    } catch (error) {
      const what = whatIs[key]
      if (error instanceof NoSystemCallsError) {
        throw new SocketSecurityError(name, key, `${what}: ${error.message}`)
      }
      if (!(error instanceof SystemCallError)) throw error
      throw new SocketSecurityError(name, key, `${what}: ${causes[error.code] ?? error.message}`)
    }
  }

  /** Does for a session what its keys ask for, in the order that names the right one. */
  function apply(peer: Secured, descriptor: (calls: SystemCalls) => number): void {
    const family = familyOf(peer.address)
    const { password, ttlSecurity } = peer
    if (password !== undefined) {
      attempt(peer, 'password', (calls) =>
        setPassword(calls, descriptor(calls), peer, password, family),
      )
    }
    if (ttlSecurity !== undefined) {
      attempt(peer, 'ttlSecurity', (calls) =>
        limitTtl(calls, descriptor(calls), family, ttlSecurity),
      )
    }
  }

  function verify(all: readonly Secured[]): void {
    checkShared(all)
    /** One for each family: it has to hold all passwords, as one that listens. */
    const probes = new Map<SocketFamily, number>()
    const probe = (calls: SystemCalls, family: SocketFamily): number => {
      const open = probes.get(family)
      if (open !== undefined) return open
      const descriptor = calls.openSocket(family)
      probes.set(family, descriptor)
      saveSyns(calls, descriptor)
      return descriptor
    }
    try {
      for (const peer of all) apply(peer, (calls) => probe(calls, familyOf(peer.address)))
    } finally {
      for (const descriptor of probes.values()) loaded?.close(descriptor)
    }
  }

  function openSocket(peer: Secured): Socket {
    if (!isSecured(peer)) return createSocket()
    const key = peer.password === undefined ? 'ttlSecurity' : 'password'
    const fd = attempt(peer, key, (calls) => calls.openSocket(familyOf(peer.address)))
    try {
      apply(peer, () => fd)
      // Reading waits until it is connected.
      const options = { fd, readable: true, writable: true, manualStart: true }
      return createSocket(options)
    } catch (error) {
      loaded?.close(fd)
      throw error
    }
  }

  function synOf(socket: Socket): Syn | null {
    const known = syns.get(socket)
    if (known !== undefined) return known
    const descriptor = descriptorOf(socket)
    const syn = loaded === undefined || descriptor < 0 ? null : takeSavedSyn(loaded, descriptor)
    syns.set(socket, syn ?? null)
    return syn ?? null
  }

  function judge(socket: Socket, demands: Demands): string | undefined {
    if (!isSecured(demands)) return undefined
    const syn = synOf(socket)
    // Also with SYN cookies, under a flood; what cannot be judged is not taken.
    if (syn === null) return 'the kernel did not keep its SYN, by which it is judged'
    // The kernel refuses what is not signed, but not what began before it knew the password.
    if (demands.password !== undefined && !syn.signed) {
      return 'it has no TCP MD5 signature, and a password is configured'
    }
    const { ttlSecurity } = demands
    if (ttlSecurity === undefined) return undefined
    const least = leastTtl(ttlSecurity)
    if (syn.ttl >= least) return undefined
    return `its packets arrive with TTL ${syn.ttl}, at least ${least} is needed (ttlSecurity: ${ttlSecurity})`
  }

  function limit(socket: Socket, { ttlSecurity }: Demands): string | undefined {
    if (ttlSecurity === undefined) return undefined
    const syn = synOf(socket)
    const descriptor = descriptorOf(socket)
    if (loaded === undefined || syn === null || descriptor < 0) return 'it is gone'
    try {
      limitTtl(loaded, descriptor, syn.family, ttlSecurity)
      return undefined
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error
      return `its least TTL could not be set (${error.code})`
    }
  }

  /** Once for each socket: connections are judged by their SYN, and answered with TTL 255. */
  function prepare(socket: ListeningSocket, knows: Told, peer: Secured): void {
    const { descriptor, address } = socket
    const { password, ttlSecurity } = peer
    if (!knows.keepsSyns) {
      const key = password === undefined ? 'ttlSecurity' : 'password'
      attempt(peer, key, (calls) => saveSyns(calls, descriptor))
      knows.keepsSyns = true
    }
    if (ttlSecurity === undefined || knows.atMaxTtl) return
    attempt(peer, 'ttlSecurity', (calls) => {
      // A SYN-ACK has the TTL of the socket that listens. It hurts no other peer.
      if (isIPv4(address) || address === '::') sendAtMaxTtl(calls, descriptor, 'ipv4')
      if (!isIPv4(address)) sendAtMaxTtl(calls, descriptor, 'ipv6')
    })
    knows.atMaxTtl = true
  }

  function protectOne(socket: ListeningSocket, all: readonly Secured[]): void {
    const { descriptor, address } = socket
    const family = familyOf(address)
    const knows = told.get(socket) ?? { passwords: new Map(), keepsSyns: false, atMaxTtl: false }
    told.set(socket, knows)
    const { passwords } = knows
    const wanted = new Map<string, Secured>()
    for (const peer of all) {
      const reachable = family === familyOf(peer.address) || address === '::'
      if (!reachable || !isSecured(peer)) continue
      prepare(socket, knows, peer)
      if (peer.password !== undefined) wanted.set(ownerOf(peer), peer)
    }
    for (const [owner, peer] of passwords) {
      if (wanted.has(owner)) continue
      attempt(peer, 'password', (calls) => setPassword(calls, descriptor, peer, '', family))
      passwords.delete(owner)
    }
    for (const [owner, peer] of wanted) {
      const { password = '' } = peer
      if (passwords.get(owner)?.password === password) continue
      attempt(peer, 'password', (calls) => setPassword(calls, descriptor, peer, password, family))
      passwords.set(owner, peer)
    }
  }

  return {
    verify,
    openSocket,
    judge,
    limit,
    protect(sockets, all) {
      for (const socket of sockets) protectOne(socket, all)
    },
  }
}
