import { describe, expect, test } from 'vitest'
import { createTimer, jittered } from '../../src/session/clock.ts'
import { createDamping } from '../../src/session/damping.ts'
import { createHoldTimer } from '../../src/session/hold-timer.ts'
import { createFakeClock } from '../support/fake-clock.ts'

describe('a timer', () => {
  test('runs out once, and can be started anew', () => {
    const clock = createFakeClock(0)
    const expired: number[] = []
    const timer = createTimer(clock, () => expired.push(clock.now()))
    timer.start(100)
    clock.advance(50)
    timer.start(100)
    expect(timer.dueAt).toBe(150)
    clock.advance(200)
    expect(expired).toEqual([150])
    expect([timer.running, timer.dueAt, clock.pending]).toEqual([false, null, 0])
  })

  test('stops', () => {
    const clock = createFakeClock(0)
    const timer = createTimer(clock, () => expect.unreachable())
    timer.start(100)
    timer.stop()
    clock.advance(1000)
    expect(timer.running).toBe(false)
  })
})

test('jitter is between 0.75 and 1 (RFC 4271 §10)', () => {
  expect(jittered(1000, () => 0)).toBe(750)
  expect(jittered(1000, () => 1)).toBe(1000)
})

describe('damping', () => {
  test('doubles from 1 to 60 seconds', () => {
    const damping = createDamping()
    const waits = Array.from({ length: 9 }, () => damping.failed())
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  test('waits no longer than the operator wants', () => {
    const damping = createDamping()
    expect([1, 2, 3, 4].map(() => damping.unreached(5))).toEqual([1, 2, 4, 5])
  })

  test('a peer that was not reached has failed at nothing', () => {
    const damping = createDamping()
    for (let i = 0; i < 9; i++) damping.unreached(60)
    expect([damping.failures, damping.failed(), damping.failed()]).toEqual([0, 1, 2])
    expect(damping.unreached(60)).toBe(1)
  })

  test('a session that held forgets its failures, one that did not goes on counting', () => {
    const damping = createDamping()
    damping.failed()
    damping.failed()
    damping.wasEstablished(59)
    expect(damping.failed()).toBe(4)
    damping.wasEstablished(60)
    expect(damping.failed()).toBe(1)
  })
})

describe('the hold timer', () => {
  function started(seconds: number) {
    const clock = createFakeClock(0)
    const expired: number[] = []
    const hold = createHoldTimer(clock, () => expired.push(clock.now()))
    hold.start(seconds)
    return { clock, expired, hold }
  }

  test('runs out after the hold time', () => {
    const { clock, expired } = started(90)
    clock.advance(89_999)
    expect(expired).toEqual([])
    clock.advance(1)
    expect(expired).toEqual([90_000])
  })

  test('counts from the last message, with one timer', () => {
    const { clock, expired, hold } = started(90)
    for (let i = 0; i < 1000; i++) {
      clock.advance(60)
      hold.heard(clock.now())
    }
    expect(clock.pending).toBe(1)
    clock.advance(89_999)
    expect(expired).toEqual([])
    clock.advance(1)
    expect(expired).toEqual([150_000])
  })

  test('spares the peer once when this process stood still', () => {
    const { clock, expired } = started(90)
    clock.jump(200_000)
    expect(expired).toEqual([])
    clock.advance(90_000)
    expect(expired).toEqual([290_000])
  })

  test('does not wait longer when the clock is set back', () => {
    const { clock, expired, hold } = started(90)
    hold.heard(clock.now() + 3_600_000)
    clock.advance(90_000)
    hold.heard(clock.now())
    clock.advance(90_000)
    expect(expired).toEqual([180_000])
  })

  test('stops', () => {
    const { clock, expired, hold } = started(90)
    hold.stop()
    clock.advance(1_000_000)
    expect(expired).toEqual([])
  })
})
