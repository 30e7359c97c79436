/** What the suite asks of every router, whatever its make. */
import type { Lan } from './lan.ts'

/** A route that a router originates. */
export interface Route {
  /** `198.51.100.0/24` */
  readonly prefix: string
  /** AS numbers behind the router, nearest first; the router puts its own in front. */
  readonly path?: readonly number[]
  /** Standard communities, `8075:8007`. */
  readonly communities?: readonly string[]
}

export interface RouterSetup {
  readonly lan: Lan
  /** Node on the LAN, host name and name of the session. */
  readonly node: string
  /** Last number of its addresses. */
  readonly host: number
  readonly asn: number
  /** Last number of the daemon's addresses. */
  readonly peerHost: number
  readonly peerAsn: number
  /** Whether the router opens the connection; false: it only accepts. */
  readonly opens: boolean
  /** Holds its configuration, sockets and log. */
  readonly directory: string
}

export interface Router {
  readonly make: string
  readonly node: string
  readonly asn: number
  /** Starts with these routes in its table, and waits until it answers on its control socket. */
  start(routes: readonly Route[]): Promise<void>
  /** Makes its table exactly these: what is new is announced, what changed is announced again, what is gone is withdrawn. */
  setRoutes(routes: readonly Route[]): Promise<void>
  /** Administratively closes the session, telling the peer why (RFC 9003). */
  closeSession(message: string): Promise<void>
  /** Ends the program as a crash would (SIGKILL) or politely (SIGTERM). */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Everything it has logged. */
  log(): string
}

export type StartRouter = (setup: RouterSetup) => Router

/** @returns whether the prefix is IPv6 */
export function isIpv6(prefix: string): boolean {
  return prefix.includes(':')
}
