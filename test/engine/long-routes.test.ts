/** Routes with thousands of AS numbers and communities: sentences stay short, whoever keeps them. */
import { expect, test } from 'vitest'
import { createEngineLab } from '../support/engine-lab.ts'

const LONGEST_SENTENCE = 600

function labWithLongRoute() {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24')
  lab.register('mail', '203.0.113.0/24')
  lab.up('edge-a', 3356)
  const path = ['3356', ...Array.from({ length: 700 }, (_, i) => `${100_000 + i}`)].join(' ')
  const communities = Array.from({ length: 300 }, (_, i) => `3356:${i}`)
  for (const prefix of ['198.51.100.0/24', '203.0.113.0/24']) {
    lab.announce('edge-a', prefix, { path, communities })
  }
  lab.end('edge-a')
  return { lab, path, communities }
}

test('a sentence shows the beginning of a long path, and of many communities', () => {
  const { lab, path } = labWithLongRoute()
  for (const name of ['web', 'mail']) {
    const findings = lab.verdict(name).findings
    expect(findings.map(({ reason }) => reason)).toEqual(['missing-community', 'as-path-too-long'])
    const [missing, long] = findings.map(({ message }) => message)
    expect(missing).toMatch(/it carries 3356:0 3356:1 .*[^ ] \.\.\.\)\.$/)
    expect(long).toMatch(
      /path of length 701, at most 3 is allowed: 3356 100000 100001 .*\d{6} \.\.\.\.$/,
    )
    expect(missing?.length).toBeLessThan(LONGEST_SENTENCE)
    expect(long?.length).toBeLessThan(LONGEST_SENTENCE)
    expect(findings[1]?.evidence.asPath).toBe(path)
  }
})

test('the events say the same', () => {
  const { lab } = labWithLongRoute()
  const opened = lab.events.flatMap((event) => event.opened)
  const long = opened.filter(({ reason }) => reason === 'as-path-too-long')
  expect(long.map(({ message }) => message.length < LONGEST_SENTENCE)).toEqual([true, true])
})
