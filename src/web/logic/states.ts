/** How states look: a tone and a shape each, so that none is told by colour alone. */
import type { PrefixStateName, RouteClass } from '../../engine/types.ts'
import type { ConnectionState } from '../../peering/connection-state.ts'
import type { PrefixValidationState } from '../../peering/kinds/common.ts'
import type { SessionStateText } from '../../peering/kinds/connection-spec.ts'
import type { SessionStateName } from '../../session/types.ts'

export type Tone = 'good' | 'warn' | 'bad' | 'idle'
export type Shape = 'check' | 'triangle' | 'cross' | 'slash' | 'clock' | 'dash' | 'link'

export interface Look {
  readonly tone: Tone
  readonly shape: Shape
}

const good: Look = { tone: 'good', shape: 'check' }
const warn: Look = { tone: 'warn', shape: 'triangle' }
const bad: Look = { tone: 'bad', shape: 'cross' }

export const prefixLooks: Readonly<Record<PrefixStateName, Look>> = {
  Failed: bad,
  Invalid: { tone: 'bad', shape: 'slash' },
  Warning: warn,
  Pending: { tone: 'idle', shape: 'clock' },
  Verified: good,
  None: { tone: 'idle', shape: 'dash' },
}

/** In the order of how much they ask for attention. */
export const prefixStates = Object.keys(prefixLooks) as PrefixStateName[]

const trying: Look = { tone: 'warn', shape: 'clock' }

export const sessionLooks: Readonly<Record<SessionStateName, Look>> = {
  Idle: bad,
  Connect: trying,
  Active: trying,
  OpenSent: trying,
  OpenConfirm: trying,
  Established: good,
}

/** RFC 4271 §8.2.2, in the order in which a session goes through them. */
export const sessionStates = Object.keys(sessionLooks) as SessionStateName[]

const ended: Look = { tone: 'idle', shape: 'slash' }

/** Where a connection stands, which is not the state of BGP; in the order of how much they ask for attention. */
export const connectionLooks: Readonly<Record<ConnectionState, Look>> = {
  ProvisioningFailed: bad,
  ExternalBlocker: { tone: 'bad', shape: 'slash' },
  None: bad,
  PendingApproval: trying,
  TypeChangeRequested: trying,
  Approved: trying,
  ProvisioningStarted: trying,
  Validating: trying,
  ProvisioningCompleted: trying,
  TypeChangeInProgress: trying,
  Active: good,
  PendingRemove: ended,
}

export const connectionStates = Object.keys(connectionLooks) as ConnectionState[]

/** @returns how the state of a connection's session looks: that of BGP, or what stands before and after it */
export function sessionTextLook(state: SessionStateText): Look {
  if (state === 'None') return { tone: 'idle', shape: 'dash' }
  if (state === 'PendingRemove') return ended
  return state in sessionLooks ? sessionLooks[state as SessionStateName] : trying
}

/** How the states of a circuit, its links and advertised prefixes, and of networks look. */
const registryLooks: Readonly<Record<string, Look>> = {
  Enabled: good,
  Provisioned: good,
  Connected: good,
  FullyInSync: good,
  Configured: good,
  Disabled: ended,
  Disconnected: bad,
  ValidationNeeded: bad,
  ManualValidationNeeded: bad,
  ValidationFailed: bad,
  AsnValidationFailed: bad,
  NotConfigured: { tone: 'idle', shape: 'dash' },
}

/** @returns how such a state looks; one on the way: as something that waits */
export function registryLook(state: string): Look {
  return registryLooks[state] ?? trying
}

/** @returns how the validation state of a registered prefix looks */
export function validationLook(state: PrefixValidationState): Look {
  return state === 'Unknown' ? prefixLooks.None : prefixLooks[state]
}

export const classLooks: Readonly<Record<RouteClass, Look>> = {
  verified: good,
  failed: bad,
  overlap: warn,
  unregistered: { tone: 'idle', shape: 'dash' },
}

export const severityLooks = { error: bad, warning: warn } as const

/** How near a table is to its limit: a warning from 80 % on, danger from 90 %. */
export function limitLevel(held: number, limit: number): { percent: number; look: Look } {
  const percent = limit === 0 ? 100 : Math.floor((held / limit) * 100)
  return { percent, look: percent >= 90 ? bad : percent >= 80 ? warn : good }
}
