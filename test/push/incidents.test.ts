import { describe, expect, test } from 'vitest'
import type { FindingChange, PrefixStateName, Severity } from '../../src/engine/types.ts'
import { createIncidents, QUIET } from '../../src/push/incidents.ts'
import type { DaemonEvent } from '../../src/telemetry/event-log.ts'

const SECOND = 1000
const START = Date.UTC(2026, 10, 21, 9)

function change(
  reason: FindingChange['reason'],
  session: string | null,
  message = `${reason} on ${session}.`,
): FindingChange {
  return { reason, severity: 'error', session, message }
}

/** Incidents with a clock that a test moves, and events in a few words. */
function watch(severity: Severity = 'error') {
  const incidents = createIncidents({ severity, gather: 10 * SECOND })
  let now = START
  let id = 0
  const take = (event: Record<string, unknown>) => {
    id += 1
    incidents.take({ time: now, id, ...event } as DaemonEvent)
  }
  return {
    incidents,
    wait(seconds: number) {
      now += seconds * SECOND
    },
    prefix(
      name: string,
      to: PrefixStateName | null,
      opened: FindingChange[] = [],
      closed: FindingChange[] = [],
    ) {
      const prefix = '198.51.100.0/24'
      take({ kind: 'prefix', name, prefix, from: 'Verified', to, duration: 0, opened, closed })
    },
    lost(session: string, detail = 'hold timer expired') {
      take({ kind: 'session', session, from: 'Established', to: 'Idle', detail })
    },
    up(session: string) {
      take({ kind: 'session', session, from: 'OpenConfirm', to: 'Established', detail: '' })
    },
    /** Titles of what is told now. */
    told: () => incidents.due(now).map(({ title }) => title),
    due: () => incidents.due(now),
  }
}

const community = change('missing-community', 'edge-a')

describe('what is told', () => {
  test('a failure after it was gathered, and its recovery with how long it lasted', () => {
    const w = watch()
    w.prefix('web', 'Failed', [community])
    w.wait(9)
    expect(w.told()).toEqual([])
    w.wait(1)
    const [failed] = w.due()
    expect(failed).toMatchObject({
      kind: 'failed',
      about: 'prefix',
      severity: 'error',
      time: START + 10 * SECOND,
      title: 'prefix web (198.51.100.0/24) fails: missing-community on edge-a',
      reasons: ['missing-community'],
      count: 1,
      subjects: [
        {
          name: 'web',
          prefix: '198.51.100.0/24',
          since: START,
          message: 'missing-community on edge-a.',
        },
      ],
    })
    expect(w.told()).toEqual([])
    w.wait(4 * 3600 + 12 * 60 - 10)
    w.prefix('web', 'Verified', [], [community])
    w.wait(10)
    const [recovered] = w.due()
    expect(recovered).toMatchObject({
      kind: 'recovered',
      title: 'prefix web (198.51.100.0/24) recovered after 4 h 12 min',
      duration: (4 * 3600 + 12 * 60) * SECOND,
      incident: failed?.incident,
    })
  })

  test('nothing, when it is well again before it was told', () => {
    const w = watch()
    w.prefix('web', 'Failed', [community])
    w.wait(5)
    w.prefix('web', 'Verified', [], [community])
    w.wait(20)
    expect(w.told()).toEqual([])
  })

  test('nothing new, when it fails again before its recovery was told', () => {
    const w = watch()
    w.prefix('web', 'Failed', [community])
    w.wait(10)
    expect(w.told()).toHaveLength(1)
    w.prefix('web', 'Verified', [], [community])
    w.wait(5)
    w.prefix('web', 'Failed', [community])
    w.wait(60)
    expect(w.told()).toEqual([])
  })

  test('one notice for a thousand prefixes that fail for one cause', () => {
    const w = watch()
    const gone = change('not-received', 'edge-a')
    for (let i = 0; i < 1000; i++) w.prefix(`p${i}`, 'Failed', [gone])
    w.wait(10)
    const notices = w.due()
    expect(notices).toHaveLength(1)
    expect(notices[0]?.title).toBe('1000 prefixes (p0, p1, p2, …) fail: not-received on edge-a')
    expect(notices[0]?.count).toBe(1000)
    expect(notices[0]?.subjects).toHaveLength(50)
    for (let i = 0; i < 1000; i++) w.prefix(`p${i}`, 'Verified', [], [gone])
    w.wait(10)
    expect(w.told()).toEqual(['1000 prefixes (p0, p1, p2, …) recovered after at most 10 s'])
  })

  test('ten notices at most for what fails at one moment for different causes', () => {
    const w = watch()
    for (let i = 0; i < 30; i++) w.prefix(`p${i}`, 'Failed', [change('not-received', `s${i}`)])
    w.wait(10)
    const notices = w.due()
    expect(notices).toHaveLength(10)
    expect(notices.reduce((sum, { count }) => sum + count, 0)).toBe(30)
  })

  test('a lost session, once, with the prefixes that it takes along', () => {
    const w = watch('warning')
    w.lost('edge-a')
    const down: FindingChange = { ...change('session-down', 'edge-a'), severity: 'warning' }
    for (let i = 0; i < 300; i++) w.prefix(`p${i}`, 'Warning', [down])
    w.wait(10)
    const notices = w.due()
    expect(notices.map(({ title }) => title)).toEqual([
      'session edge-a is down, 300 prefixes with it: hold timer expired',
    ])
    expect(notices[0]?.affectedPrefixes).toBe(300)
    w.wait(110)
    w.up('edge-a')
    for (let i = 0; i < 300; i++) w.prefix(`p${i}`, 'Verified', [], [down])
    w.wait(10)
    expect(w.told()).toEqual(['session edge-a is up again after 2 min'])
    expect(w.told()).toEqual([])
  })

  test('a lost session counts its prefixes also where warnings are not told', () => {
    const w = watch('error')
    const down: FindingChange = { ...change('session-down', 'edge-a'), severity: 'warning' }
    for (let i = 0; i < 1000; i++) w.prefix(`p${i}`, 'Warning', [down])
    w.lost('edge-a')
    w.wait(10)
    const notices = w.due()
    expect(notices.map(({ title }) => title)).toEqual([
      'session edge-a is down, 1000 prefixes with it: hold timer expired',
    ])
    expect(notices[0]?.affectedPrefixes).toBe(1000)
    for (let i = 0; i < 1000; i++) w.prefix(`p${i}`, 'Pending', [], [down])
    w.up('edge-a')
    w.wait(10)
    expect(w.told()).toEqual(['session edge-a is up again after 10 s'])
    // Once more: those of the first time are not counted again.
    w.wait(QUIET / SECOND)
    w.told()
    w.prefix('p0', 'Warning', [down])
    w.lost('edge-a')
    w.wait(10)
    expect(w.told()).toEqual(['session edge-a is down, 1 prefix with it: hold timer expired'])
  })

  test('what was wrong on a session that is lost did not recover', () => {
    const w = watch('error')
    const down: FindingChange = { ...change('session-down', 'edge-a'), severity: 'warning' }
    w.prefix('web', 'Failed', [community])
    w.wait(10)
    w.due()
    w.prefix('web', 'Warning', [down], [community])
    w.wait(60)
    expect(w.told()).toEqual([])
    w.prefix('web', 'Pending', [], [down])
    w.prefix('web', 'Failed', [community])
    w.wait(60)
    expect(w.told()).toEqual([])
    w.prefix('web', 'Verified', [], [community])
    w.wait(10)
    expect(w.told()).toEqual(['prefix web (198.51.100.0/24) recovered after 2 min 10 s'])
  })

  test('what is mended on its own session recovered, though another session is lost', () => {
    const w = watch('error')
    const down: FindingChange = { ...change('session-down', 'edge-b'), severity: 'warning' }
    w.prefix('web', 'Failed', [community])
    w.wait(10)
    w.due()
    w.prefix('web', 'Failed', [down])
    w.prefix('web', 'Warning', [], [community])
    w.wait(10)
    expect(w.told()).toEqual(['prefix web (198.51.100.0/24) recovered after 10 s'])
  })

  test('Pending is no recovery, and a Warning is one unless warnings are told', () => {
    const w = watch()
    w.prefix('web', 'Failed', [community])
    w.wait(10)
    w.due()
    w.prefix('web', 'Pending')
    w.wait(30)
    expect(w.told()).toEqual([])
    w.prefix('web', 'Warning', [], [community])
    w.wait(10)
    expect(w.told()).toEqual(['prefix web (198.51.100.0/24) recovered after 40 s'])
  })

  test('a prefix that is taken off the list is over', () => {
    const w = watch()
    w.prefix('web', 'Failed', [community])
    w.wait(10)
    w.due()
    w.prefix('web', null, [], [community])
    w.wait(10)
    expect(w.told()).toEqual([
      'prefix web (198.51.100.0/24) is no longer registered: over after 10 s',
    ])
  })
})

describe('what goes up and down', () => {
  /** Fails and recovers `times` times, 20 s each. */
  function flap(w: ReturnType<typeof watch>, times: number): string[] {
    const titles: string[] = []
    for (let i = 0; i < times; i++) {
      w.prefix('web', 'Failed', [community])
      w.wait(10)
      titles.push(...w.told())
      w.prefix('web', 'Verified', [], [community])
      w.wait(10)
      titles.push(...w.told())
    }
    return titles
  }

  test('is told once as flapping, then not until it is quiet', () => {
    const w = watch()
    const titles = flap(w, 20)
    expect(titles).toHaveLength(7)
    expect(titles.at(-1)).toBe(
      'prefix web (198.51.100.0/24) goes up and down; no more word of it until it is quiet for 10 min',
    )
    w.wait(QUIET / SECOND)
    expect(w.told()).toEqual(['prefix web (198.51.100.0/24) recovered after 5 min 30 s'])
    expect(w.incidents.idle()).toBe(false)
    expect(w.told()).toEqual([])
    expect(w.incidents.idle()).toBe(true)
  })

  test('is told as failed when it is quiet and still fails', () => {
    const w = watch()
    flap(w, 5)
    w.prefix('web', 'Failed', [community])
    w.wait(QUIET / SECOND)
    // It was told as flapping: that it fails is known; its recovery still comes.
    expect(w.told()).toEqual([])
    w.prefix('web', 'Verified', [], [community])
    w.wait(10)
    expect(w.told()).toHaveLength(1)
  })
})
