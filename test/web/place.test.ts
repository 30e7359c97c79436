import { describe, expect, test } from 'vitest'
import { formatPlace, parsePlace } from '../../src/web/logic/route.ts'

describe('places in the address', () => {
  test.for([
    ['', { view: 'overview', query: {} }],
    ['#/', { view: 'overview', query: {} }],
    ['#/prefixes', { view: 'prefixes', query: {} }],
    ['#/prefixes/web', { view: 'prefixes', name: 'web', query: {} }],
    ['#/prefixes/a%2Fb%20%C3%BC', { view: 'prefixes', name: 'a/b ü', query: {} }],
    [
      '#/sessions/edge-a?prefix=198.51.100.0%2F24&match=covered',
      {
        view: 'sessions',
        name: 'edge-a',
        query: { prefix: '198.51.100.0/24', match: 'covered' },
      },
    ],
    ['#/explain?asPath=64501+64510', { view: 'explain', query: { asPath: '64501 64510' } }],
    ['#/nowhere', undefined],
    ['#/events/one', undefined],
    ['#/prefixes/%zz', { view: 'prefixes', name: '%zz', query: {} }],
  ] as const)('%s', ([hash, place]) => {
    expect(parsePlace(hash)).toEqual(place)
  })

  test('what is written is read again', () => {
    const query = { search: 'a&b=c #1', state: 'Failed' }
    expect(parsePlace(formatPlace('prefixes', 'a/b?c#d', query))).toEqual({
      view: 'prefixes',
      name: 'a/b?c#d',
      query,
    })
    expect(formatPlace('prefixes', undefined, { state: '', reason: undefined })).toBe('#/prefixes')
    expect(formatPlace('overview')).toBe('#/')
  })
})
