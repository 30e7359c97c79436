/** Shapes of the BGP messages as values. Octet fields are owned copies, never views of a receive buffer. */
import type { MessageType } from './codes.ts'

/** RFC 5492 §4: one capability as it stands on the wire; known and unknown ones alike. */
export interface Capability {
  readonly code: number
  readonly value: Uint8Array
}

/** An optional parameter of OPEN that is not the capabilities parameter (type 2). */
export interface OptionalParameter {
  readonly type: number
  readonly value: Uint8Array
}

/** RFC 4271 §4.2. */
export interface OpenMessage {
  readonly type: typeof MessageType.open
  readonly version: number
  /** The 2-octet "My Autonomous System" field; AS_TRANS when the real number needs four octets. */
  readonly myAs: number
  /** Seconds; 0 or at least 3. */
  readonly holdTime: number
  /** Unsigned 32 bits (RFC 6286). */
  readonly bgpIdentifier: number
  /** In wire order, those of all capability parameters together. */
  readonly capabilities: readonly Capability[]
  readonly otherParameters: readonly OptionalParameter[]
  /** RFC 9072: the parameters stood in the extended format. */
  readonly extendedParameters: boolean
}

/** RFC 4271 §4.5. */
export interface NotificationMessage {
  readonly type: typeof MessageType.notification
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array
}

export interface KeepaliveMessage {
  readonly type: typeof MessageType.keepalive
}

/** RFC 2918 §3; `subtype` is RFC 7313 §3.2: 0 request, 1 BoRR, 2 EoRR. */
export interface RouteRefreshMessage {
  readonly type: typeof MessageType.routeRefresh
  readonly afi: number
  readonly subtype: number
  readonly safi: number
  /** Octets after the SAFI (ORF entries, RFC 5291), usually none. */
  readonly rest: Uint8Array
}

/** A capability list said as values; what cannot be decoded stays in `unknown`. */
export interface Capabilities {
  /** RFC 4760 §8, as [AFI, SAFI]; empty when the peer sent none (then IPv4 unicast is implied). */
  readonly multiprotocol: readonly (readonly [afi: number, safi: number])[]
  readonly routeRefresh: boolean
  readonly enhancedRouteRefresh: boolean
  readonly extendedMessage: boolean
  /** RFC 6793 §3: the 4-octet AS number, when announced. */
  readonly fourOctetAs?: number
  /** RFC 4724 §3, RFC 8538 §2. */
  readonly gracefulRestart?: {
    readonly restartState: boolean
    readonly notification: boolean
    /** Seconds, 12 bits. */
    readonly restartTime: number
    readonly families: readonly {
      readonly afi: number
      readonly safi: number
      readonly forwardingPreserved: boolean
    }[]
  }
  /** RFC 7911 §4: 1 receive, 2 send, 3 both. */
  readonly addPath: readonly {
    readonly afi: number
    readonly safi: number
    readonly sendReceive: number
  }[]
  /** RFC 8950 §4. */
  readonly extendedNextHop: readonly {
    readonly afi: number
    readonly safi: number
    readonly nextHopAfi: number
  }[]
  /** RFC 9234 §4.1: 0 provider, 1 RS, 2 RS-client, 3 customer, 4 peer. */
  readonly role?: number
  readonly fqdn?: { readonly hostname: string; readonly domain: string }
  readonly unknown: readonly Capability[]
}

/** What a session negotiated, as far as decoding an UPDATE needs it. An argument, never global state. */
export interface DecodeSettings {
  /** Both sides announced 4-octet AS numbers (RFC 6793). */
  readonly as4: boolean
  /** The peer is in another AS (eBGP). */
  readonly external: boolean
  /** NLRI of the family carry path identifiers (RFC 7911). */
  readonly addPathIpv4: boolean
  readonly addPathIpv6: boolean
  /** IPv4 NLRI may come in MP_REACH_NLRI with an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean
  /** An AS number to look for in paths, our own as a rule, signed 32 bits; absent: none. */
  readonly localAs?: number
  /** The AS number that every path must begin with (RFC 4271 §6.3); absent: not checked. */
  readonly firstAs?: number | undefined
}
