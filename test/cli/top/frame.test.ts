/** Whole frames, as text files that a person can judge: test/golden/cli/top-*.txt. */
import { describe, expect, test } from 'vitest'
import { displayWidth } from '../../../src/cli/text.ts'
import { frame } from '../../../src/cli/top/frame.ts'
import { linesOf } from '../../../src/cli/top/layout.ts'
import { initialState, type TopState, withTable } from '../../../src/cli/top/state.ts'
import { failedPrefix, NOW, upSession } from '../fixtures.ts'
import { liveState, overview, prefixes } from './fixtures.ts'

/** Without the colours. */
function bare(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is taken away
  return text.replace(/\u001b\[\d+m/g, '')
}

const plain = { columns: 80, rows: 24, color: false }
const wide = { columns: 140, rows: 30, color: false }
const page = (of: 'session' | 'prefix', name: string, scroll = 0) =>
  ({ kind: 'page', of, name, scroll }) as const

const prefixesFocused = withTable(liveState({ focus: 'prefixes' }), 'prefixes', {
  selected: 'mail',
  order: 1,
})

const states: Record<string, TopState> = {
  tables: liveState(),
  'prefixes-focused': prefixesFocused,
  'filter-typed': withTable(liveState({ focus: 'sessions', typing: true }), 'sessions', {
    filter: 'edge-b',
  }),
  'session-page': liveState({ view: page('session', 'edge-b') }),
  'prefix-page': liveState({
    view: page('prefix', 'web', 4),
    page: { name: 'web', prefix: failedPrefix },
  }),
  help: liveState({ view: { kind: 'help' } }),
  'no-answer': liveState({
    link: {
      answers: false,
      streams: false,
      why: 'no daemon answers (connection refused)',
      retryAt: NOW + 4000,
    },
  }),
  'nothing-wrong': {
    ...liveState(),
    events: [],
    reading: {
      overview: {
        ...overview,
        prefixes: {
          total: 1,
          byState: { None: 0, Pending: 0, Verified: 1, Warning: 0, Failed: 0, Invalid: 0 },
          byReason: [],
        },
      },
      sessions: [],
      prefixes: [],
      failing: 0,
      morePrefixes: false,
    },
  },
  'not-read': initialState('http://127.0.0.1:9179'),
}

describe('frames', () => {
  for (const [name, state] of Object.entries(states)) {
    test(`${name} at 80x24`, async () => {
      const text = `${frame(state, plain, NOW).join('\n')}\n`
      await expect(text).toMatchFileSnapshot(`../../golden/cli/top-${name}.txt`)
    })

    test.for([
      [80, 24],
      [132, 50],
      [60, 20],
      [50, 12],
      [300, 100],
    ] as const)(`${name} fills %d columns and %d rows, and no more`, ([columns, rows]) => {
      const size = { columns, rows, color: true }
      const lines = frame(state, size, NOW)
      expect(lines).toHaveLength(linesOf(size))
      expect(lines.length).toBeLessThan(rows)
      const rest = bare(lines.join('\n'))
      expect(rest).not.toMatch(/[^\P{Cc}\n]/u)
      if (columns >= 80) expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([])
    })

    test(`${name} says the same with colours`, () => {
      const colored = frame(state, { ...plain, color: true }, NOW).map((line) =>
        bare(line).trimEnd(),
      )
      expect(colored).toEqual(frame(state, plain, NOW))
    })
  }

  test('sentences stand in the table where there is room', async () => {
    const text = `${frame(prefixesFocused, wide, NOW).join('\n')}\n`
    await expect(text).toMatchFileSnapshot('../../golden/cli/top-wide.txt')
  })

  test('thousands of rows cost little, and the selected one is in sight', () => {
    const [failedSummary] = prefixes
    if (failedSummary === undefined) throw new Error('there is a prefix')
    const many = Array.from({ length: 1000 }, (_, i) => ({
      ...failedSummary,
      name: `p${i}`,
      prefix: `10.0.${i % 256}.0/24`,
    }))
    const sessions = Array.from({ length: 1000 }, (_, i) => ({ ...upSession, name: `s${i}` }))
    const state = withTable(
      liveState({
        focus: 'prefixes',
        reading: { overview, sessions, prefixes: many, failing: 10_000, morePrefixes: true },
      }),
      'prefixes',
      { selected: 'p700' },
    )
    const began = performance.now()
    const text = frame(state, plain, NOW).join('\n')
    // A tenth of this on an idle machine.
    expect(performance.now() - began).toBeLessThan(1000)
    expect(text).toMatch(/^> {2}p700 /m)
    expect(text).toContain('FAILING PREFIXES 1000 of 10000, worst first')
  })
})
