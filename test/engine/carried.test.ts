import { expect, test } from 'vitest'
import type { RouteEvent } from '../../src/engine/types.ts'
import { createEngineLab } from '../support/engine-lab.ts'

const PREFIX = '198.51.100.0/24'

/** What the events since the last call say: `change session location path`. */
function told(routes: RouteEvent[]): string[] {
  return routes
    .splice(0)
    .flatMap(({ changes, active, wasActive }) => [
      ...changes.map((each) =>
        [
          each.change,
          each.session,
          each.location,
          each.asPath || each.because,
          ...(each.previousOriginAsn === undefined ? [] : [`was ${each.previousOriginAsn}`]),
        ].join(' '),
      ),
      ...(active === wasActive ? [] : [`${wasActive} -> ${active}`]),
    ])
}

function lab2() {
  const lab = createEngineLab()
  lab.session('a', 3356)
  lab.session('b', 1299)
  lab.register('web', PREFIX, {
    requires: {
      primary: { location: 'x', sessions: ['a'] },
      backup: { location: 'y', sessions: ['b'] },
    },
  })
  lab.up('a', 3356)
  lab.up('b', 1299)
  return lab
}

test('tells what becomes of the routes of a registered prefix', () => {
  const lab = lab2()
  lab.announce('a', PREFIX, { path: '3356 15169' })
  lab.announce('b', PREFIX, { path: '1299 15169' })
  expect(told(lab.routes)).toEqual([])
  lab.end('a')
  expect(told(lab.routes)).toEqual([
    'announced a primary 3356 15169',
    'announced b backup 1299 15169',
    'null -> primary',
  ])
  // The same again, and other attributes than the path, are no news.
  lab.announce('a', PREFIX, { path: '3356 15169', communities: ['8075:8007', '1:1'] })
  expect(told(lab.routes)).toEqual([])
  lab.announce('a', PREFIX, { path: '3356 174 15169' })
  expect(told(lab.routes)).toEqual(['path-changed a primary 3356 174 15169'])
  lab.announce('a', PREFIX, { path: '3356 174 64499' })
  expect(told(lab.routes)).toEqual(['origin-changed a primary 3356 174 64499 was 15169'])
  lab.withdraw('a', PREFIX)
  expect(told(lab.routes)).toEqual(['withdrawn a primary withdrawn', 'primary -> backup'])
  lab.down('b')
  expect(told(lab.routes)).toEqual(['withdrawn b backup session-down', 'backup -> null'])
  lab.announce('a', '198.51.100.0/25')
  expect(told(lab.routes)).toEqual([])
})

test('tells of routes that stop to count', () => {
  const lab = lab2()
  lab.announce('a', PREFIX)
  lab.announce('b', PREFIX)
  lab.end('a')
  told(lab.routes)
  lab.engine.setCounts('b', false, lab.now)
  expect(told(lab.routes)).toEqual(['withdrawn b backup not-expected'])
  lab.engine.removeSession('a', lab.now)
  expect(told(lab.routes)).toEqual(['withdrawn a primary not-expected', 'primary -> null'])
})

test('says nothing of routes that a graceful restart keeps, until they are swept', () => {
  const lab = lab2()
  lab.announce('a', PREFIX)
  lab.end('a')
  told(lab.routes)
  lab.down('a', lab.now + 60_000)
  lab.up('a', 3356)
  expect(told(lab.routes)).toEqual([])
  lab.end('a')
  expect(told(lab.routes)).toEqual(['withdrawn a primary withdrawn', 'primary -> null'])
})
