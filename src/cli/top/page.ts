/** The page of one session or prefix, and the help, as lines. */
import { withWholeLinks } from '../api-client.ts'
import { renderSession } from '../session.ts'
import { styleFor } from '../terminal.ts'
import { cleanText, paragraph } from '../text.ts'
import { keyValues, renderPrefix } from '../verdict-text.ts'
import type { ScreenSize } from './layout.ts'
import type { TopState, View } from './state.ts'

const keys: readonly (readonly [keys: string, does: string])[] = [
  ['↑ ↓ or k j', 'move; PgUp, PgDn, Home and End (g, G) move further'],
  ['Tab', 'to the next table; Shift-Tab to the one before'],
  ['Enter', 'the whole of what is selected: findings and what to do, or timers and capabilities'],
  ['Esc', 'back; in a table: shows all of its rows again'],
  ['/', 'shows only rows that contain what you type'],
  ['s', 'the next order of the rows'],
  ['?', 'this help'],
  ['q or Ctrl-C', 'ends'],
]

/** What the keys do and what the screen shows. */
export function helpLines(size: ScreenSize): string[] {
  const text = [
    `${styleFor(size.color).bold('Keys')}\n`,
    keyValues(keys, size, '  '),
    '\n',
    paragraph(
      '',
      'The tables are those of "bgpwarden session list", of "prefix list" as far as something is wrong with a ' +
        'prefix, and of "event list". Below the prefixes stands the sentence of the selected one. Times are UTC.',
      size.columns,
    ),
  ].join('')
  return text.trimEnd().split('\n')
}

/**
 * The page of a session or a prefix, all of its lines.
 * @param now milliseconds since the epoch
 */
export function pageLines(
  state: TopState,
  view: View & { kind: 'page' },
  size: ScreenSize,
  now: number,
): string[] {
  return pageText(state, view, size, now).trimEnd().split('\n')
}

function pageText(
  { reading, page, api }: TopState,
  { of, name }: View & { kind: 'page' },
  size: ScreenSize,
  now: number,
): string {
  if (of === 'session') {
    const session = reading?.sessions.find((each) => each.name === name)
    return session === undefined
      ? `The daemon has no session ${cleanText(name)} any more.`
      : renderSession(session, size, now)
  }
  if (page?.name !== name) return `Asking for ${cleanText(name)} ...`
  if (page.prefix === undefined) return page.problem ?? ''
  const findings = withWholeLinks(page.prefix.findings, api)
  return renderPrefix({ ...page.prefix, findings }, size, now)
}
