import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
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

describe.runIf(existsSync('/dev/full'))('a device that is full', () => {
  test.for(['json', 'pretty'])('costs %s lines, and nothing else', (format) => {
    const log = new URL('../../src/telemetry/log.ts', import.meta.url).href
    const script = `
      import { createLog } from '${log}'
      const log = createLog({ format: '${format}' })
      for (let i = 0; i < 50; i++) log.info({}, 'x'.repeat(100_000))
      process.stderr.write('went on')`
    const tsx = import.meta.resolve('tsx')
    const words = ['--import', tsx, '--input-type=module', '--eval', script]
    const shell = ['-c', '"$0" "$@" 2>&1 >/dev/full', process.execPath, ...words]
    expect(execFileSync('sh', shell, { encoding: 'utf8' })).toBe('went on')
  })
})
