/** A configuration after loading: every default filled in, every text read. */
import type { Policy, Registration } from '../engine/types.ts'
import type { IrrSettings } from '../irr/lookup.ts'
import type { Principal } from '../peering/kind.ts'
import type { RegistrySettings } from '../peering/live.ts'
import type { Webhook } from '../push/webhooks.ts'
import type { DynamicRange } from '../session/dynamic.ts'
import type { SessionConfig } from '../session/types.ts'

/** Least severe last; `silent` logs nothing. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** `auto`: pretty on a terminal, JSON elsewhere. */
export const logFormats = ['auto', 'json', 'pretty'] as const
export type LogFormat = (typeof logFormats)[number]

/** Where to listen. Port 0 lets the system choose. */
export interface Endpoint {
  /** IPv4 or IPv6 text (RFC 5952). */
  readonly address: string
  readonly port: number
}

/** A bearer token and whose it is. */
export interface TokenConfig extends Principal {
  /** The token, or the file in which it stands. */
  readonly secret: { readonly token: string } | { readonly file: string }
}

/** A receiver of notices, with its secret in the configuration or in a file. */
export type WebhookConfig = Omit<Webhook, 'secret'> & {
  /** null: deliveries are not signed. */
  readonly secret: { readonly text: string } | { readonly file: string } | null
}

export interface Config {
  readonly local: {
    readonly asn: number
    /** Unsigned 32 bits. */
    readonly routerId: number
  }
  readonly listen: {
    readonly bgp: readonly Endpoint[]
    /** In the order of the file. */
    readonly dynamic: readonly DynamicRange[]
    readonly http: Endpoint & {
      readonly tokens: readonly TokenConfig[]
      /** Whether reading needs no token. */
      readonly anonymousRead: boolean
    }
  }
  readonly storage: {
    /** null: nothing is stored. */
    readonly path: string | null
    /** Days that the audit log is kept. */
    readonly auditDays: number
    /** Size of the file above which the oldest events go early. */
    readonly maxMegabytes: number
  }
  readonly policy: Policy
  readonly metrics: {
    /** Registered prefixes above which the per-prefix metric families are left out. */
    readonly perPrefixLimit: number
  }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  readonly events: {
    /** Events kept in memory. */
    readonly keep: number
    /** Days that history is kept in the storage file. */
    readonly retentionDays: number
  }
  readonly registry: RegistrySettings
  readonly irr: IrrSettings
  /** In the order of the file. */
  readonly webhooks: readonly WebhookConfig[]
  /** In the order of the file. */
  readonly sessions: readonly SessionConfig[]
  /** In the order of the file. */
  readonly prefixes: readonly Registration[]
}
