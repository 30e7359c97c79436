/**
 * The three families with a `prefix` label, as text. With 1000 prefixes they are up to a hundred
 * thousand lines, too many for prom-client to build in one go beside live sessions.
 */
import { type EngineView, findingReasons, PrefixState } from '../engine/types.ts'
import type { Log } from './log.ts'

/** Longest that lines are made without letting sockets and timers have their turn, milliseconds. */
const SLICE_MS = 5

/** Escapes a label value as the text format 0.0.4 asks: backslash, line feed, double quote. */
export function escapeLabel(value: string): string {
  return /[\\\n"]/.test(value)
    ? value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')
    : value
}

const headers = {
  state:
    '# HELP bgpwarden_prefix_state State of the prefix: 0 None, 1 Pending, 2 Verified, 3 Warning, 4 Failed, 5 Invalid\n' +
    '# TYPE bgpwarden_prefix_state gauge\n',
  finding:
    '# HELP bgpwarden_prefix_finding Whether a finding with the reason is open\n' +
    '# TYPE bgpwarden_prefix_finding gauge\n',
  received:
    '# HELP bgpwarden_prefix_received Whether the expected session has the prefix in its Adj-RIB-In\n' +
    '# TYPE bgpwarden_prefix_received gauge\n',
}

/** Lets pending I/O and timers run. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * @returns a function that makes the text of the three families; empty when more prefixes are
 *   registered than `perPrefixLimit`, which is logged the first time
 */
export function createPrefixExposition(options: {
  engine: EngineView
  perPrefixLimit: number
  log: Log
}): () => Promise<string> {
  const { engine, perPrefixLimit, log } = options
  const reasonTails = findingReasons.map((reason) => `,reason="${reason}"} `)
  let told = false

  return async () => {
    const prefixes = engine.prefixes()
    if (prefixes.length > perPrefixLimit) {
      if (!told) {
        log.warn(
          { event: 'per-prefix-limit', prefixes: prefixes.length, limit: perPrefixLimit },
          `${prefixes.length} prefixes are registered, more than metrics.perPrefixLimit ${perPrefixLimit}: ` +
            'metrics with a prefix label are not exported, the aggregates are',
        )
        told = true
      }
      return ''
    }
    let state = ''
    let finding = ''
    let received = ''
    let sliceEnd = performance.now() + SLICE_MS
    for (const summary of prefixes) {
      const { name, prefix } = summary
      const labels = `prefix="${escapeLabel(prefix)}",name="${escapeLabel(name)}"`
      state += `bgpwarden_prefix_state{${labels}} ${PrefixState[summary.state]}\n`
      findingReasons.forEach((reason, i) => {
        finding += `bgpwarden_prefix_finding{${labels}${reasonTails[i]}${summary.reasons.includes(reason) ? 1 : 0}\n`
      })
      for (const session of engine.expectedSessions(name)) {
        const value = engine.received(name, session) ? 1 : 0
        received += `bgpwarden_prefix_received{${labels},session="${escapeLabel(session)}"} ${value}\n`
      }
      if (performance.now() > sliceEnd) {
        await breathe()
        sliceEnd = performance.now() + SLICE_MS
      }
    }
    return headers.state + state + headers.finding + finding + headers.received + received
  }
}
