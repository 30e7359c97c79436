/** What several values come to, and how they are told. */
import { describe, expect, test } from 'vitest'
import { type Figure, isMet, median, quantile, range, short } from '../../bench/figures.ts'
import { replaceFigures } from '../../bench/markdown.ts'
import { drawGrowth } from '../../bench/picture.ts'

test('the median is the middle one, or lies between the two middle ones', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

test('a quantile has that share of the values below it', () => {
  const values = Array.from({ length: 100 }, (_, i) => i)
  expect(quantile(values, 0.99)).toBe(99)
  expect(quantile(values, 0.5)).toBe(50)
  expect(quantile([7], 0.99)).toBe(7)
})

test.for<[figure: Partial<Figure>, met: boolean | undefined]>([
  [{ values: [5, 9, 4] }, undefined],
  [{ values: [], target: { text: '', atLeast: 5 } }, undefined],
  [{ values: [4, 5, 6], target: { text: '', atLeast: 5 } }, true],
  [{ values: [4, 4.9, 6], target: { text: '', atLeast: 5 } }, false],
  [{ values: [0.9], target: { text: '', atMost: 1 } }, true],
  [{ values: [1.1], target: { text: '', atMost: 1 } }, false],
])('the median of %j reaches its target: %s', ([figure, met]) => {
  expect(isMet({ name: '', unit: '', values: [], ...figure })).toBe(met)
})

test('numbers are told with the digits that matter', () => {
  expect([1_234_567, 123.4, 12.34, 1.234, 0.01234].map(short)).toEqual([
    '1,234,567',
    '123',
    '12.3',
    '1.23',
    '0.0123',
  ])
  expect(range([1, 3, 2])).toBe('2.00 (1.00 - 3.00)')
  expect(range([2])).toBe('2.00')
})

describe('the page of figures', () => {
  const results = {
    date: '2026-01-01T00:00:00.000Z',
    commit: 'abc',
    machine: 'a machine',
    node: 'v20.19.0',
    quick: false,
    routers: { BIRD: '2.0.12' },
    figures: [
      { name: '1x1M / bgpwarden / CPU', unit: 's', values: [0.3, 0.2, 0.4] },
      {
        name: '1x1M / routes a CPU second, times BIRD',
        unit: 'x',
        values: [4, 3, 5],
        target: { text: 'at least 5 times', atLeast: 5 },
      },
      { name: 'growth / 10 k routes / CPU a route', unit: 'ns', values: [10] },
      { name: 'growth / 10 k routes / memory a route', unit: 'B', values: [20] },
    ],
  }
  const page = (between: string) =>
    `before\n<!-- figures: written by \`npm run bench -- --save\`, not by hand -->${between}<!-- end of figures -->\nafter\n`

  test('says what was missed, and keeps what is around the figures', () => {
    const written = replaceFigures(page('\nold\n'), { v20: results })
    expect(written).toMatch(/^before\n/)
    expect(written).toMatch(/\nafter\n$/)
    expect(written).not.toContain('old')
    expect(written).toContain('4.00 (3.00 - 5.00) x, **missed**')
    expect(written).toContain('| 1x1M, bgpwarden | 0.300 (0.200 - 0.400) |')
    expect(replaceFigures(written, { v20: results })).toBe(written)
  })

  test('needs a place for them', () => {
    expect(() => replaceFigures('nothing', { v20: results })).toThrow('no place for figures')
  })

  test('has a picture once growth was measured', () => {
    expect(drawGrowth([{ ...results, figures: [] }])).toBeUndefined()
    expect(drawGrowth([results])).toMatch(/^<svg [\s\S]*10 k[\s\S]*<\/svg>\n$/)
  })
})
