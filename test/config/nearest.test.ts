import { expect, test } from 'vitest'
import { nearest } from '../../src/config/nearest.ts'

const keys = ['holdTime', 'asn', 'families', 'maxPrefixes', 'passive', 'port']

test.for([
  ['holdtime', 'holdTime'],
  ['hold_time', 'holdTime'],
  ['hold-tiem', 'holdTime'],
  ['ans', 'asn'],
  ['family', undefined],
  ['familes', 'families'],
  ['maxprefix', 'maxPrefixes'],
  ['pasive', 'passive'],
  ['prot', 'port'],
  ['as', undefined],
  ['colour', undefined],
  ['', undefined],
  ['x'.repeat(65), undefined],
] as const)('%s is near to %s', ([word, expected]) => {
  expect(nearest(word, keys)).toBe(expected)
})
