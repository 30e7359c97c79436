/**
 * The three families with a `prefix` label, as text. With 1000 prefixes they are up to a hundred
 * thousand lines, too many for prom-client to build in one go beside live sessions.
 */

import { beginSlice } from '../breathe.ts'
import {
  type EngineView,
  findingReasons,
  PrefixState,
  type PrefixSummary,
} from '../engine/types.ts'
import type { Log } from './log.ts'

/** Characters of a piece: a scraper that reads nothing holds two or three of them. */
const PIECE = 64 * 1024

/** Escapes a label value as the text format 0.0.4 asks: backslash, line feed, double quote. */
export function escapeLabel(value: string): string {
  return /[\\\n"]/.test(value)
    ? value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')
    : value
}

/** One family: its header, and the lines of one prefix, whose labels are given as text. */
interface PrefixFamily {
  readonly name: string
  readonly help: string
  lines(summary: PrefixSummary, labels: string): string
}

function prefixFamilies(engine: EngineView): readonly PrefixFamily[] {
  const reasonTails = findingReasons.map((reason) => `,reason="${reason}"} `)
  return [
    {
      name: 'bgpwarden_prefix_state',
      help: 'State of the prefix: 0 None, 1 Pending, 2 Verified, 3 Warning, 4 Failed, 5 Invalid',
      lines: (summary, labels) =>
        `bgpwarden_prefix_state{${labels}} ${PrefixState[summary.state]}\n`,
    },
    {
      name: 'bgpwarden_prefix_finding',
      help: 'Whether a finding with the reason is open',
      lines: ({ reasons }, labels) => {
        let text = ''
        findingReasons.forEach((reason, i) => {
          const open = reasons.includes(reason) ? 1 : 0
          text += `bgpwarden_prefix_finding{${labels}${reasonTails[i]}${open}\n`
        })
        return text
      },
    },
    {
      name: 'bgpwarden_prefix_received',
      help: 'Whether the expected session has the prefix in its Adj-RIB-In',
      lines: ({ name }, labels) => {
        let text = ''
        for (const session of engine.expectedSessions(name)) {
          const value = engine.received(name, session) ? 1 : 0
          text += `bgpwarden_prefix_received{${labels},session="${escapeLabel(session)}"} ${value}\n`
        }
        return text
      },
    },
  ]
}

/**
 * @returns a function that makes the text of the three families, in pieces between which sockets
 *   and timers get their turn; nothing when more prefixes are registered than `perPrefixLimit`,
 *   which is logged the first time
 */
export function createPrefixExposition(options: {
  engine: EngineView
  perPrefixLimit: number
  log: Log
}): () => AsyncGenerator<string> {
  const { engine, perPrefixLimit, log } = options
  const families = prefixFamilies(engine)
  let told = false

  function tellLimit(count: number): void {
    if (told) return
    told = true
    log.warn(
      { event: 'per-prefix-limit', prefixes: count, limit: perPrefixLimit },
      `${count} prefixes are registered, more than metrics.perPrefixLimit ${perPrefixLimit}: ` +
        'metrics with a prefix label are not exported, the aggregates are',
    )
  }

  return async function* () {
    const count = Object.values(engine.stateCounts()).reduce((sum, n) => sum + n, 0)
    if (count > perPrefixLimit) {
      tellLimit(count)
      return
    }
    const prefixes = engine.prefixes()
    const slice = beginSlice()
    await slice.breathe()
    for (const family of families) {
      let text = `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} gauge\n`
      for (const summary of prefixes) {
        const name = escapeLabel(summary.name)
        text += family.lines(summary, `prefix="${escapeLabel(summary.prefix)}",name="${name}"`)
        if (slice.over() || text.length >= PIECE) {
          yield text
          text = ''
          await slice.breathe()
        }
      }
      yield text
    }
  }
}
