/** How states look: a tone and a shape each, so that none is told by colour alone. */
import type { PrefixStateName, RouteClass } from '../../engine/types.ts'
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
