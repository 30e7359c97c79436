/** A daemon as `bgpwarden top` has read it. */
import type { PrefixSummaryJson } from '../../../src/api/prefix-schemas.ts'
import type { OverviewJson } from '../../../src/api/status-schemas.ts'
import {
  initialState,
  type Reading,
  type TopState,
  withEvents,
} from '../../../src/cli/top/state.ts'
import { downSession, events, failedPrefix, NOW, upSession } from '../fixtures.ts'

const HOUR = 3_600_000
const before = (milliseconds: number) => new Date(NOW - milliseconds).toISOString()

export const overview: OverviewJson = {
  time: before(0),
  version: '0.1.0',
  startedAt: before(4 * HOUR),
  prefixes: {
    total: 10,
    byState: { None: 0, Pending: 1, Verified: 6, Warning: 1, Failed: 2, Invalid: 0 },
    byReason: [],
  },
  sessions: {
    total: 2,
    up: 1,
    shutdown: 0,
    byState: [
      { state: 'Active', sessions: 1 },
      { state: 'Established', sessions: 1 },
    ],
  },
  failing: [],
  recent: { since: before(HOUR), intervals: [], prefixes: [], sessions: [] },
}

function failing(change: Partial<PrefixSummaryJson>): PrefixSummaryJson {
  const { name, prefix, family, owner, state, since, reasons, errorMessage } = failedPrefix
  const base = { name, prefix, family, owner, state, since, reasons, errorMessage }
  return { ...base, session: 'edge-a', ...change }
}

export const prefixes: PrefixSummaryJson[] = [
  failing({}),
  failing({
    name: 'mail',
    prefix: '203.0.113.0/24',
    since: before(90_000),
    reasons: ['not-received'],
    session: 'edge-b',
    owner: null,
    errorMessage:
      '203.0.113.0/24 is not received on edge-b; the covering route 203.0.112.0/20 is, which edge-b announces with the path 64502.',
  }),
  failing({
    name: 'voice',
    prefix: '2001:db8:100::/48',
    family: 'ipv6',
    state: 'Warning',
    since: before(59_000),
    reasons: ['session-down'],
    session: null,
    // What a peer wrote may stand in a sentence.
    errorMessage: 'The session edge-b is down: "back at \u001b[31mfive\u001b[0m\u0007".',
  }),
]

export const reading: Reading = {
  overview,
  sessions: [upSession, downSession],
  prefixes,
  failing: 3,
  morePrefixes: false,
}

/** All of it read, live, the tables on the screen. */
export function liveState(change: Partial<TopState> = {}): TopState {
  const state: TopState = {
    ...initialState('http://127.0.0.1:9179'),
    reading,
    readAt: NOW - 2000,
    link: { answers: true, streams: true, why: '', retryAt: 0 },
    ...change,
  }
  return withEvents(state, events)
}
