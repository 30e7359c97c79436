/**
 * Brings notices to one receiver, in order, until it takes them: with growing pauses between tries, for
 * a limited time, in limited memory. What cannot be delivered is kept in a list of dead letters.
 */
import type { Clock } from '../session/types.ts'
import { formatDuration } from '../telemetry/duration.ts'
import type { Body } from './formats.ts'
import type { LetterBox, Letters } from './letter-keeper.ts'

export interface Letter {
  readonly id: string
  readonly title: string
  readonly body: Body
  /** Milliseconds since the epoch. */
  readonly madeAt: number
}

export interface DeadLetter extends Letter {
  readonly tries: number
  readonly diedAt: number
  /** Why it was given up, in one sentence. */
  readonly why: string
}

/** How a receiver answered. */
export interface Answer {
  readonly status: number
  /** Seconds that it asks us to wait (RFC 9110 §10.2.3); absent: it does not say. */
  readonly retryAfter?: number
}

export interface DeliveryOptions {
  readonly clock: Clock
  /** Posts a letter once. @throws when there is no answer; the message says why */
  readonly post: (letter: Letter) => Promise<Answer>
  /** Milliseconds after which a letter is given up. */
  readonly giveUpAfter: number
  /** A number from 0 to 1. */
  readonly random: () => number
  /** Told each outcome: of a try, and of a letter that dies. */
  readonly onOutcome: (
    outcome: 'delivered' | 'failed' | 'dead',
    letter: Letter,
    why: string,
  ) => void
  /** Where letters outlive the daemon; absent: nowhere. */
  readonly box?: LetterBox
  /** Letters of an earlier run. */
  readonly left?: Letters
}

export interface Delivery {
  send(letter: Letter): void
  /** Sends dead letters anew. @returns how many */
  resend(): number
  readonly deadLetters: readonly DeadLetter[]
  status(): DeliveryStatus
  close(): void
}

export interface DeliveryStatus {
  readonly waiting: number
  readonly delivered: number
  readonly failedTries: number
  readonly dead: number
  /** Milliseconds since the epoch; null: never. */
  readonly lastDeliveredAt: number | null
  /** Why the last try failed; null: it did not. */
  readonly lastError: string | null
  /** Milliseconds since the epoch of the next try; null: nothing waits for it. */
  readonly nextTryAt: number | null
}

const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 300_000
/** Letters that wait; the oldest gives way. */
const MOST_WAITING = 1000
const MOST_DEAD = 1000

/** Whether a receiver that answers so may take the letter later (RFC 9110 §15.5, §15.6). */
function mayTakeItLater(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429
}

/** Makes a delivery, which goes on with what an earlier run left. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { clock, post, giveUpAfter, random, onOutcome, box, left } = options
  const waiting: Letter[] = [...(left?.waiting ?? [])]
  const deadLetters: DeadLetter[] = [...(left?.dead ?? [])]
  let tries = 0
  let busy = false
  let closed = false
  let cancelPause: (() => void) | null = null
  const told = {
    delivered: 0,
    failedTries: 0,
    lastDeliveredAt: null as number | null,
    lastError: null as string | null,
    nextTryAt: null as number | null,
  }

  function bury(letter: Letter, why: string): void {
    const dead = { ...letter, tries, diedAt: clock.now(), why }
    deadLetters.push(dead)
    box?.bury(dead)
    if (deadLetters.length > MOST_DEAD) {
      const oldest = deadLetters.shift()
      if (oldest !== undefined) box?.forget(oldest.id)
    }
    onOutcome('dead', letter, why)
  }

  function next(): void {
    waiting.shift()
    tries = 0
    void work()
  }

  /** @param pauseSeconds that the receiver asked for */
  function later(letter: Letter, why: string, pauseSeconds: number): void {
    const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
    const pause = Math.max(grown * (0.75 + 0.25 * random()), pauseSeconds * 1000)
    if (clock.now() + pause - letter.madeAt > giveUpAfter) {
      bury(letter, `not delivered within ${formatDuration(giveUpAfter)}: ${why}`)
      next()
      return
    }
    told.nextTryAt = clock.now() + pause
    cancelPause = clock.after(pause, () => {
      cancelPause = null
      told.nextTryAt = null
      void work()
    })
  }

  function judge(letter: Letter, answer: Answer | Error): void {
    if (!(answer instanceof Error) && answer.status >= 200 && answer.status < 300) {
      told.delivered += 1
      told.lastDeliveredAt = clock.now()
      told.lastError = null
      box?.forget(letter.id)
      onOutcome('delivered', letter, '')
      next()
      return
    }
    const why = answer instanceof Error ? answer.message : `the receiver answered ${answer.status}`
    told.failedTries += 1
    told.lastError = why
    onOutcome('failed', letter, why)
    if (!(answer instanceof Error) && !mayTakeItLater(answer.status)) {
      bury(letter, why)
      next()
    } else later(letter, why, answer instanceof Error ? 0 : (answer.retryAfter ?? 0))
  }

  async function work(): Promise<void> {
    const [letter] = waiting
    if (letter === undefined || busy || closed || cancelPause !== null) return
    busy = true
    tries += 1
    const answer = await post(letter).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    )
    busy = false
    if (closed) return
    judge(letter, answer)
  }

  function send(letter: Letter): void {
    if (waiting.length >= MOST_WAITING) {
      // Not the one that is on its way.
      const [oldest] = waiting.splice(busy ? 1 : 0, 1)
      if (oldest) bury(oldest, `more than ${MOST_WAITING} messages wait for this receiver`)
    }
    waiting.push(letter)
    box?.wait(letter)
    void work()
  }

  void work()
  return {
    send,
    resend() {
      const letters = deadLetters.splice(0)
      for (const { id, title, body } of letters) send({ id, title, body, madeAt: clock.now() })
      return letters.length
    },
    deadLetters,
    status: () => ({ ...told, waiting: waiting.length, dead: deadLetters.length }),
    close() {
      closed = true
      cancelPause?.()
    },
  }
}
