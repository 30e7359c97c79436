/** What the terminal shows, as text files that a person can judge: test/golden/cli/. */
import { describe, expect, test } from 'vitest'
import { eventLine } from '../../src/cli/event-text.ts'
import { renderPrefixes } from '../../src/cli/prefix.ts'
import { renderRoutes } from '../../src/cli/route.ts'
import { renderSession, renderSessions } from '../../src/cli/session.ts'
import { displayWidth, formatTime } from '../../src/cli/text.ts'
import { renderPrefix } from '../../src/cli/verdict-text.ts'
import {
  downSession,
  events,
  failedPrefix,
  NOW,
  route,
  upSession,
  verifiedPrefix,
} from './fixtures.ts'

type Screen = { columns: number; color: boolean }

const rows = [failedPrefix, verifiedPrefix].map((p) => ({ ...p, sinceMs: Date.parse(p.since) }))
const longRow = {
  ...rows[0],
  name: 'a-name-that-goes-on-for-much-longer-than-anybody-would-want',
  prefix: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128',
  sinceMs: NOW - 400_000_000,
}

const pages: Record<string, (screen: Screen) => string> = {
  'prefix-list': (screen) =>
    renderPrefixes([...rows, longRow] as Parameters<typeof renderPrefixes>[0], screen, NOW),
  'prefix-show-failed': (screen) => renderPrefix(failedPrefix, screen, NOW),
  'prefix-show-verified': (screen) => renderPrefix(verifiedPrefix, screen, NOW),
  'session-list': (screen) => renderSessions([upSession, downSession], screen, NOW),
  'session-show-up': (screen) => renderSession(upSession, screen, NOW),
  'session-show-down': (screen) => renderSession(downSession, screen, NOW),
  'route-list': (screen) =>
    renderRoutes(
      [route, { ...route, prefix: '198.51.100.128/25', class: 'overlap', pathId: 7 }],
      screen,
      NOW,
    ),
  'event-list': (screen) =>
    events.map((event) => eventLine(event, screen, formatTime(Date.parse(event.time)))).join(''),
}

describe('pages of the terminal client', () => {
  for (const [name, render] of Object.entries(pages)) {
    test(`${name} at 80 columns`, async () => {
      const text = render({ columns: 80, color: false })
      await expect(text).toMatchFileSnapshot(`../golden/cli/${name}.txt`)
    })

    test.for([40, 60, 80, 100, 132, 200])(
      `${name} has no line wider than %d columns`,
      (columns) => {
        // Below 80 columns a table may be cut no further; its columns never shrink under their minimum.
        const limit = Math.max(columns, 80)
        const lines = render({ columns, color: true }).split('\n')
        expect(lines.filter((line) => displayWidth(line) > limit)).toEqual([])
      },
    )

    test(`${name} says the same with colours`, () => {
      const colored = render({ columns: 80, color: true })
      expect(colored).toContain('\u001b[')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is taken away
      expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(render({ columns: 80, color: false }))
    })
  }
})
