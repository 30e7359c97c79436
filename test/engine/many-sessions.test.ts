import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findingReasons } from '../../src/engine/types.ts'
import { createEngineLab } from '../support/engine-lab.ts'

/** More than the eight findings up to which lists are made anew. */
const sessions = Array.from({ length: 14 }, (_, i) => `s${i}`)
const prefixes = ['10.0.0.0/16', '10.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24'] as const

const session = fc.constantFrom(...sessions)
const operation = fc.oneof(
  fc.record({
    do: fc.constant('announce' as const),
    session,
    prefix: fc.constantFrom(...prefixes, '10.0.0.0/8', '10.0.0.128/25'),
    path: fc.constantFrom('3356', '3356 64512', '3356 1299 174 15169'),
    communities: fc.constantFrom<string[][]>([], ['8075:8007']),
  }),
  fc.record({
    do: fc.constant('withdraw' as const),
    session,
    prefix: fc.constantFrom(...prefixes),
  }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), session }) },
  fc.record({
    do: fc.constantFrom('up' as const, 'down' as const, 'leave' as const, 'count' as const),
    session,
  }),
  fc.record({ do: fc.constant('wait' as const) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** An engine with all sessions, four prefixes of which one is expected on three sessions alone. */
function many() {
  const lab = createEngineLab()
  const there = new Set<string>()
  const up = new Set<string>()
  const down = new Set<string>()
  /** Sessions of which a table is complete, or was. */
  const ended = new Set<string>()
  const counts = new Map<string, boolean>()
  const add = (name: string) => {
    lab.session(name, 3356)
    there.add(name)
    counts.set(name, true)
  }
  for (const name of sessions) add(name)
  for (const prefix of prefixes) {
    lab.register(prefix, prefix, {
      owner: 'contoso',
      ...(prefix === '192.0.2.0/24' && { sessions: ['s1', 's7', 's13'] }),
    })
  }
  const run = (step: Operation) => {
    if (step.do === 'wait') {
      lab.wait(1)
    } else if (step.do === 'leave') {
      if (there.delete(step.session)) {
        lab.engine.removeSession(step.session, lab.now)
        lab.engine.flush(lab.now)
        for (const set of [up, down, ended]) set.delete(step.session)
      } else {
        add(step.session)
        lab.engine.flush(lab.now)
      }
    } else if (!there.has(step.session)) {
      return
    } else if (step.do === 'count') {
      counts.set(step.session, !counts.get(step.session))
      lab.engine.setCounts(step.session, counts.get(step.session) === true, lab.now)
    } else if (step.do === 'up' && !up.has(step.session)) {
      lab.up(step.session, 3356)
      up.add(step.session)
      down.delete(step.session)
    } else if (!up.has(step.session)) {
      return
    } else if (step.do === 'announce') {
      lab.announce(step.session, step.prefix, step)
    } else if (step.do === 'withdraw') {
      lab.withdraw(step.session, step.prefix)
    } else if (step.do === 'end') {
      lab.end(step.session)
      ended.add(step.session)
    } else if (step.do === 'down') {
      lab.down(step.session)
      up.delete(step.session)
      down.add(step.session)
    }
    while (lab.engine.background(lab.now));
  }
  return { lab, run, there, ended }
}

/** What is open for a prefix as it was kept session by session, not as judged now. */
function kept({ lab, there }: ReturnType<typeof many>, name: string): string[] {
  return [...there].flatMap((on) =>
    findingReasons
      .filter((reason) => lab.engine.view.concerns(name, on, reason))
      .map((reason) => `${reason}@${on}`),
  )
}

test('findings that were kept session by session are those of a judgement from scratch', () => {
  const script = fc.record({
    order: fc.shuffledSubarray(sessions, { minLength: 10 }),
    before: fc.array(operation, { maxLength: 10 }),
    between: fc.array(operation, { maxLength: 40 }),
  })
  fc.assert(
    fc.property(script, ({ order, before, between }) => {
      const world = many()
      const { lab, run, ended } = world
      const { view } = lab.engine
      /** When each finding began. */
      const began = new Map<string, number>()
      const step = (operation: Operation) => {
        lab.events.length = 0
        run(operation)
        for (const name of prefixes) {
          const expected = view.expectedSessions(name)
          // Before that, the view tells more than the engine judges.
          if (!expected.some((each) => ended.has(each))) continue
          const { findings } = lab.verdict(name)
          const keys = findings.map((finding) => `${finding.reason}@${finding.session}`)
          expect(kept(world, name).sort()).toEqual([...keys].sort())
          expect((view.headline(name)?.others ?? -1) + 1).toBe(findings.length)
          const events = lab.events.filter((event) => event.name === name)
          for (const { opened, time } of events) {
            const places = opened.map((each) => keys.indexOf(`${each.reason}@${each.session}`))
            expect(places).toEqual([...places].sort((a, b) => a - b))
            opened.forEach(({ message }, i) => {
              expect(message).toBe(findings[places[i] as number]?.message)
              began.set(`${name} ${keys[places[i] as number]}`, time)
            })
          }
          for (const { reason, session: on, since } of findings) {
            const known = began.get(`${name} ${reason}@${on}`)
            if (known !== undefined) expect(since).toBe(known)
          }
        }
      }
      for (const session of sessions) step({ do: 'up', session })
      for (const operation of before) step(operation)
      order.forEach((session, i) => {
        step({ do: 'end', session })
        for (const operation of between.slice(i * 3, i * 3 + 3)) step(operation)
      })
      const summary = () =>
        view.prefixes().map(({ name, state, reasons }) => [name, state, reasons])
      const renewed = summary()
      // The same policy again: every verdict is made from scratch.
      lab.engine.setPolicy(view.policy, lab.now)
      expect(renewed).toEqual(summary())
    }),
    { numRuns: 150 },
  )
})

test('each of many sessions opens its finding when it completes, and closes it alone', () => {
  const lab = createEngineLab()
  const names = Array.from({ length: 100 }, (_, i) => `s${i}`)
  for (const name of names) lab.session(name, 3356)
  lab.register('web', '198.51.100.0/24')
  lab.register('mail', '192.0.2.0/24')
  for (const name of names) lab.up(name, 3356)
  // Every third first: findings come in at the end, at the beginning and in between.
  const order = [2, 0, 1].flatMap((rest) => names.filter((_, i) => i % 3 === rest))
  for (const name of order) {
    lab.events.length = 0
    lab.announce(name, '10.0.0.0/8')
    lab.end(name)
    expect(lab.events.map((event) => [event.name, event.opened.map((f) => f.message)])).toEqual([
      ['web', [`198.51.100.0/24 is not received on ${name}.`]],
      ['mail', [`192.0.2.0/24 is not received on ${name}.`]],
    ])
  }
  expect(lab.reasons('web')).toEqual(names.map((name) => `not-received@${name}`))
  for (const name of order.toReversed()) {
    lab.events.length = 0
    lab.announce(name, '198.51.100.0/24')
    expect(
      lab.events.map((event) => [
        event.name,
        event.opened.length,
        event.closed.map((f) => f.message),
      ]),
    ).toEqual([['web', 0, [`198.51.100.0/24 is not received on ${name}.`]]])
  }
  expect(lab.state('web')).toBe('Verified')
  // What opens anew is not what opened then, though it is the same finding of the same session.
  const then = lab.now
  lab.wait(1)
  lab.withdraw('s5', '198.51.100.0/24')
  const since = (name: string) =>
    lab.verdict(name).findings.find((finding) => finding.session === 's5')?.since
  expect([since('web'), since('mail')]).toEqual([lab.now, then])
  lab.wait(1)
  lab.events.length = 0
  lab.announce('s5', '198.51.100.0/24')
  expect(lab.events.map(({ closed }) => closed.map(({ duration }) => duration))).toEqual([[1000]])
  expect(lab.reasons('mail')).toEqual(names.map((name) => `not-received@${name}`))
})
