import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OpenFinding, placeOfCode, replacePart } from '../../src/engine/open-finding.ts'
import { createEngineLab } from '../support/engine-lab.ts'

test('a part of a list is replaced as splice would', () => {
  const items = fc.array(fc.nat(), { maxLength: 24 })
  fc.assert(
    fc.property(items, items, fc.nat(24), fc.nat(24), (list, by, a, b) => {
      const from = Math.min(a, b, list.length)
      const to = Math.min(Math.max(a, b), list.length)
      const plain = [...list]
      plain.splice(from, to - from, ...by)
      expect(replacePart([...list], from, to, [...by])).toEqual(plain)
    }),
    { numRuns: 1000 },
  )
})

test('the place of a code is that of the first finding not below it', () => {
  const codes = fc.uniqueArray(fc.nat(100), { maxLength: 30 })
  fc.assert(
    fc.property(codes, fc.nat(110), (some, code) => {
      const findings = some
        .sort((a, b) => a - b)
        .map((each) => new OpenFinding(each, 'edge-a', 0, ''))
      const plain = findings.findIndex((finding) => finding.code >= code)
      expect(placeOfCode(findings, code)).toBe(plain < 0 ? findings.length : plain)
    }),
  )
})

test('what is shared keeps what it takes to say it, the rest keeps the sentence', () => {
  let asked = 0
  const say = (_reason: string, prefix: string, session: string) => {
    asked += 1
    return `${prefix} on ${session}`
  }
  const shared = new OpenFinding(0, 'edge-a', 0, { shared: true, say })
  expect(shared.message('192.0.2.0/24')).toBe('192.0.2.0/24 on edge-a')
  expect(shared.message('198.51.100.0/24')).toBe('198.51.100.0/24 on edge-a')
  expect(asked).toBe(2)
  const own = new OpenFinding(0, 'edge-b', 0, { shared: false, say })
  expect(own.message('192.0.2.0/24')).toBe('192.0.2.0/24 on edge-b')
  expect(own.message('192.0.2.0/24')).toBe('192.0.2.0/24 on edge-b')
  expect(asked).toBe(3)
})

test('what is said later is what was seen when it began', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '10.0.0.0/16')
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '10.0.0.0/16', { path: '3356 1299 174 15169' })
  lab.announce('edge-a', '10.0.1.0/24', { path: '3356 64496' })
  lab.end('edge-a')
  const opened = lab.events.at(-1)?.opened ?? []
  // Nothing else is found than before, so these are still the findings that began then.
  lab.announce('edge-a', '10.0.2.0/24', { path: '3356 64497' })
  lab.announce('edge-a', '10.0.0.0/16', { path: '3356 1299 174 2914 15169' })
  const seen = [
    '10.0.0.0/16 arrives on edge-a with an AS path of length 4, at most 3 is allowed: 3356 1299 174 15169.',
    'edge-a also carries 1 more-specific route of 10.0.0.0/16 that is not registered, from AS64496.',
  ]
  expect(opened.map(({ message }) => message)).toEqual(seen)
  const now = lab.verdict('web').findings.map(({ message }) => message)
  expect(now.at(-1)).toBe(
    'edge-a also carries 2 more-specific routes of 10.0.0.0/16 that are not registered, from AS64496, AS64497.',
  )
  expect(now[0]).toContain('of length 5')
})
