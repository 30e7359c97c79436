import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Answer, createDelivery, type Letter } from '../../src/push/delivery.ts'
import { readRetryAfter } from '../../src/push/post.ts'
import { signatureHeaders } from '../../src/push/signature.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const HOUR = 3_600_000

/** A delivery to a receiver that answers as the test says. */
function deliver(answers: (Answer | Error)[], fallback: Answer | Error = { status: 204 }) {
  const clock = createFakeClock()
  const posted: { id: string; at: number }[] = []
  const outcomes: string[] = []
  const start = clock.now()
  const delivery = createDelivery({
    clock,
    giveUpAfter: 24 * HOUR,
    random: () => 1,
    async post({ id }) {
      posted.push({ id, at: clock.now() - start })
      const answer = answers.shift() ?? fallback
      if (answer instanceof Error) throw answer
      return answer
    },
    onOutcome: (outcome, { id }, why) =>
      outcomes.push([outcome, id, why].filter(Boolean).join(' ')),
  })
  const letter = (id: string): Letter => ({
    id,
    title: id,
    body: { contentType: 'application/json', text: '{}' },
    madeAt: clock.now(),
  })
  return {
    delivery,
    posted,
    outcomes,
    send: (id: string) => delivery.send(letter(id)),
    /** Lets promises settle, then time go on. */
    async wait(milliseconds: number, step = 1000) {
      for (let gone = 0; gone < milliseconds; gone += step) {
        await new Promise(setImmediate)
        clock.advance(step)
      }
      await new Promise(setImmediate)
    },
  }
}

describe('deliveries', () => {
  test('go in order, one at a time', async () => {
    const d = deliver([])
    d.send('a')
    d.send('b')
    await d.wait(0)
    await d.wait(0)
    expect(d.posted.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(d.delivery.status()).toMatchObject({ delivered: 2, waiting: 0, lastError: null })
  })

  test('are tried again with growing pauses while the receiver is down, then arrive in order', async () => {
    const d = deliver(Array(4).fill(new Error('nobody listens there')))
    d.send('a')
    d.send('b')
    await d.wait(20_000)
    expect(d.posted).toEqual([
      { id: 'a', at: 0 },
      { id: 'a', at: 1000 },
      { id: 'a', at: 3000 },
      { id: 'a', at: 7000 },
      { id: 'a', at: 15_000 },
      { id: 'b', at: 15_000 },
    ])
    expect(d.delivery.status()).toMatchObject({ delivered: 2, failedTries: 4, dead: 0 })
  })

  test('wait as long as the receiver asks', async () => {
    const d = deliver([{ status: 429, retryAfter: 30 }])
    d.send('a')
    await d.wait(31_000)
    expect(d.posted.map(({ at }) => at)).toEqual([0, 30_000])
  })

  test.each([400, 401, 404, 410, 301])('die at once when the answer is %i', async (status) => {
    const d = deliver([{ status }])
    d.send('a')
    d.send('b')
    await d.wait(1000)
    const why = `the receiver answered ${status}`
    expect(d.outcomes).toEqual([`failed a ${why}`, `dead a ${why}`, 'delivered b'])
    expect(d.delivery.deadLetters).toMatchObject([{ id: 'a', tries: 1, why }])
  })

  test('die when they could not be delivered in the time given, and can be sent anew', async () => {
    const d = deliver([], { status: 503 })
    d.send('a')
    await d.wait(25 * HOUR, 60_000)
    expect(d.delivery.deadLetters).toMatchObject([
      { id: 'a', why: 'not delivered within 1 d: the receiver answered 503' },
    ])
    const before = d.posted.length
    expect(d.delivery.resend()).toBe(1)
    await d.wait(0)
    expect(d.posted).toHaveLength(before + 1)
    expect(d.delivery.status()).toMatchObject({ dead: 0, waiting: 1 })
  })

  test('hold a bounded number; the oldest that is not on its way gives way', async () => {
    const d = deliver([], new Error('down'))
    for (let i = 0; i < 1002; i++) d.send(`n${i}`)
    expect(d.delivery.status()).toMatchObject({ waiting: 1000, dead: 2 })
    expect(d.delivery.deadLetters.map(({ id }) => id)).toEqual(['n1', 'n2'])
    for (let i = 0; i < 3000; i++) d.send(`m${i}`)
    expect(d.delivery.status()).toMatchObject({ waiting: 1000, dead: 1000 })
  })
})

describe('the signature', () => {
  test('is that of the Standard Webhooks specification, by its own example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
    expect(signatureHeaders(secret, id, 1_614_265_330, '{"test": 2432232314}')).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  test('takes any other text as it stands', () => {
    const mac = createHmac('sha256', 'a secret of some length').update('a.1.{}').digest('base64')
    const headers = signatureHeaders('a secret of some length', 'a', 1, '{}')
    expect(headers['webhook-signature']).toBe(`v1,${mac}`)
  })
})

test('Retry-After is a number of seconds or a date (RFC 9110 §10.2.3)', () => {
  const now = Date.parse('Fri, 31 Dec 1999 23:59:00 GMT')
  expect(readRetryAfter('120', now)).toBe(120)
  expect(readRetryAfter('Fri, 31 Dec 1999 23:59:59 GMT', now)).toBe(59)
  expect(readRetryAfter('soon', now)).toBeUndefined()
  expect(readRetryAfter(null, now)).toBeUndefined()
})
