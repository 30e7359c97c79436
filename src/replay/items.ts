/** What the readers of captures find, whatever the format of the file: one stream of items. */
import type { Prefix } from '../prefix/prefix.ts'
import type { DecodeSettings } from '../wire/messages.ts'

/** One end of a session. */
export interface CaptureEndpoint {
  /** IPv4 or IPv6 text; null: the file does not say (the collector of a RIB dump). */
  readonly address: string | null
  /** TCP port; null in MRT files. */
  readonly port: number | null
  /** From its OPEN or from the MRT record; null: not known. */
  asn: number | null
}

/** How a setting came to be known; `assumed`: nothing told, and the usual value was taken. */
export type SettingsSource = 'open' | 'mrt' | 'inferred' | 'assumed'

/**
 * One direction of a session: what `source` sends to `destination`. The same object comes with every
 * item of the direction; its settings change when OPENs or messages teach better.
 */
export interface CaptureSession {
  /** Counted from 1 within a capture reader. */
  readonly id: number
  readonly source: CaptureEndpoint
  readonly destination: CaptureEndpoint
  settings: DecodeSettings
  as4From: SettingsSource
  /** RFC 8654 was negotiated, or nothing is known about it. */
  extendedMessages: boolean
}

/** A whole BGP message at `start` to `end` (exclusive) of `view`, header included. */
export interface MessageItem {
  readonly kind: 'message'
  /** Milliseconds since the epoch, with fractions. */
  readonly time: number
  readonly session: CaptureSession
  /** RFC 4271 §4.1; 1 to 5. */
  readonly type: number
  /** Valid only during the call. */
  readonly view: DataView
  readonly start: number
  readonly end: number
}

/** RFC 6396 §4.4.1: the collector's state machine changed; numbers are those of the record (1 Idle to 6 Established). */
export interface StateItem {
  readonly kind: 'state'
  readonly time: number
  readonly session: CaptureSession
  readonly from: number
  readonly to: number
}

/** RFC 6396 §4.3.4: one route of a peer in a RIB dump. */
export interface RibItem {
  readonly kind: 'rib'
  readonly time: number
  /** Milliseconds since the epoch: when the collector had received the route. */
  readonly originated: number
  readonly session: CaptureSession
  /** Masked; reused, valid only during the call. */
  readonly prefix: Readonly<Prefix>
  /** RFC 8050 §4; null where the record carries none. */
  readonly pathId: number | null
  /** The path attributes, at `start` to `end` of `view`; MP_REACH_NLRI may hold the next hop alone. Valid only during the call. */
  readonly view: DataView
  readonly start: number
  readonly end: number
}

/** Octets of a direction that did not become messages. */
export interface GapItem {
  readonly kind: 'gap'
  readonly time: number
  readonly session: CaptureSession
  /** Octets that the capture lacks; 0 when they are there but are no BGP. */
  readonly lost: number
  /** Octets that were passed over until the next marker. */
  readonly unparsed: number
}

/** The connection ended, or another one took its place; comes once for each direction that was BGP. */
export interface CloseItem {
  readonly kind: 'close'
  readonly time: number
  readonly session: CaptureSession
  readonly reason: 'fin' | 'reset' | 'replaced' | 'forgotten'
}

export type CaptureItem = MessageItem | StateItem | RibItem | GapItem | CloseItem

/** Takes items in the order of the file; called synchronously. */
export type CaptureSink = (item: CaptureItem) => void

/**
 * What is assumed of a session of which nothing is known: four-octet AS numbers, as all speakers have
 * today; IPv6 next hops for IPv4 are let pass, as the receiver must have announced them if they come.
 */
export const assumedSettings: DecodeSettings = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: true,
}
