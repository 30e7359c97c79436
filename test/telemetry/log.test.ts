import { expect, test } from 'vitest'
import { createLog, type LogOptions } from '../../src/telemetry/log.ts'

function linesOf(options: LogOptions, isTTY = false) {
  const lines: string[] = []
  const stream = { isTTY, write: (line: string) => lines.push(line) }
  return { lines, log: createLog({ ...options, stream }) }
}

test('a line is JSON with ISO time and the level as a word', () => {
  const { lines, log } = linesOf({})
  log.warn({ event: 'session', session: 'edge-a' }, 'session edge-a is down')
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    event: 'session',
    session: 'edge-a',
    msg: 'session edge-a is down',
  })
})

test('levels below the chosen one are left out', () => {
  const { lines, log } = linesOf({ level: 'warn' })
  log.info({}, 'no')
  log.error({}, 'yes')
  expect(lines).toHaveLength(1)
})

test.for<[LogOptions, boolean, 'json' | 'pretty']>([
  [{}, false, 'json'],
  [{}, true, 'pretty'],
  [{ format: 'json' }, true, 'json'],
  [{ format: 'pretty' }, false, 'pretty'],
])('format %j, terminal %s: %s', ([options, isTTY, expected]) => {
  const { lines, log } = linesOf(options, isTTY)
  log.info({ event: 'x' }, 'a sentence')
  const text = lines.join('')
  expect(text.startsWith('{') ? 'json' : 'pretty').toBe(expected)
  expect(text).toContain('a sentence')
  // Colour belongs on a terminal only.
  expect(text.includes('\u001b[')).toBe(expected === 'pretty' && isTTY)
})
