import { describe, expect, test } from 'vitest'
import type { PrefixEvent } from '../../src/engine/types.ts'
import { createEventLog, type SessionEvent } from '../../src/telemetry/event-log.ts'
import { NINE } from '../support/fake-views.ts'

function session(name: string, time = NINE): SessionEvent {
  return {
    kind: 'session',
    time,
    session: name,
    from: 'OpenConfirm',
    to: 'Established',
    detail: '',
  }
}

function prefix(name: string, on: string | null, time = NINE): PrefixEvent {
  const change = {
    reason: 'not-received',
    severity: 'error',
    session: on,
    message: 'Not received.',
  } as const
  return {
    kind: 'prefix',
    time,
    name,
    prefix: '192.0.2.0/24',
    from: 'Verified',
    to: 'Failed',
    duration: 1000,
    opened: [change],
    closed: [],
  }
}

const base = NINE * 1000

describe('ids', () => {
  test('go on from the start time, so that they increase over restarts', () => {
    const first = createEventLog({ startedAt: NINE })
    expect([first.firstId(), first.lastId()]).toEqual([base + 1, base])
    expect(first.append(session('a')).id).toBe(base + 1)
    expect(first.append(session('a')).id).toBe(base + 2)
    const second = createEventLog({ startedAt: NINE + 1 })
    expect(second.append(session('a')).id).toBe(base + 1001)
    expect(Number.isSafeInteger(second.lastId())).toBe(true)
  })
})

describe('the ring', () => {
  test('keeps the newest and forgets the oldest', () => {
    const log = createEventLog({ startedAt: NINE, capacity: 3 })
    for (let i = 0; i < 8; i++) log.append(session(`s${i}`))
    expect(log.firstId()).toBe(base + 6)
    expect(log.since({ id: 0 }, 10).map((event) => event.id)).toEqual([
      base + 6,
      base + 7,
      base + 8,
    ])
    expect(log.since({ id: base + 7 }, 10)).toMatchObject([{ session: 's7' }])
    expect(log.since({ id: base + 8 }, 10)).toEqual([])
    expect(log.since({ id: 0 }, 2).map((event) => event.id)).toEqual([base + 6, base + 7])
    expect(log.newest(2).map((event) => event.id)).toEqual([base + 7, base + 8])
  })

  test('a time starts with the first event at or after it', () => {
    const log = createEventLog({ startedAt: NINE })
    for (const second of [0, 1, 2]) log.append(session(`s${second}`, NINE + second * 1000))
    expect(log.since({ time: NINE + 1000 }, 10)).toMatchObject([
      { session: 's1' },
      { session: 's2' },
    ])
    expect(log.since({ time: NINE + 2001 }, 10)).toEqual([])
  })
})

describe('filters', () => {
  const log = createEventLog({ startedAt: NINE })
  log.append(session('edge-a'))
  log.append(prefix('web', 'edge-a'))
  log.append(prefix('mail', 'edge-b'))
  log.append(prefix('web', null))
  const ids = (filter: Parameters<typeof log.since>[2]) =>
    log.since({ id: 0 }, 10, filter).map((event) => event.id - base)
  test.for([
    [{}, [1, 2, 3, 4]],
    [{ kind: 'session' }, [1]],
    [{ kind: 'prefix' }, [2, 3, 4]],
    [{ prefix: 'web' }, [2, 4]],
    [{ session: 'edge-a' }, [1, 2]],
    [{ session: 'edge-a', kind: 'prefix' }, [2]],
    [{ session: 'edge-b', prefix: 'web' }, []],
  ] as const)('%j', ([filter, expected]) => {
    expect(ids(filter)).toEqual(expected)
    expect(log.newest(10, filter).map((event) => event.id - base)).toEqual(expected)
  })
})

test('subscribers hear events until they leave', () => {
  const log = createEventLog({ startedAt: NINE })
  const heard: number[] = []
  const leave = log.subscribe((event) => heard.push(event.id - base))
  log.append(session('a'))
  leave()
  log.append(session('a'))
  expect(heard).toEqual([1])
})
