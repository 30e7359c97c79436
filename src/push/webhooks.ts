/** Webhooks: what happens becomes notices, and each receiver gets those that it wants. */
import type { Severity } from '../engine/types.ts'
import { shownTime } from '../session/clock.ts'
import type { Clock } from '../session/types.ts'
import type { EventLog } from '../telemetry/event-log.ts'
import type { Log } from '../telemetry/log.ts'
import { createDelivery, type DeadLetter, type Delivery, type DeliveryStatus } from './delivery.ts'
import { type WebhookFormat, writeBody } from './formats.ts'
import { createIncidents } from './incidents.ts'
import type { LetterKeeper } from './letter-keeper.ts'
import { type Notice, noticeId } from './notice.ts'
import { createPost } from './post.ts'

/** A receiver of notices. */
export interface Webhook {
  /** Unique. */
  readonly name: string
  /** http or https. It may hold a secret: only its origin is shown. */
  readonly url: string
  /** Key of the signature; null: deliveries are not signed. */
  readonly secret: string | null
  readonly format: WebhookFormat
  readonly severity: Severity
  readonly gatherSeconds: number
  readonly giveUpHours: number
}

export interface WebhookStatus extends DeliveryStatus {
  readonly name: string
  /** Where it goes, without path and query. */
  readonly origin: string
  readonly format: WebhookFormat
  readonly severity: Severity
  readonly signed: boolean
}

export interface Webhooks {
  list(): readonly WebhookStatus[]
  /** Oldest first. @returns undefined when no webhook has that name */
  deadLetters(name: string): readonly DeadLetter[] | undefined
  /** Sends its dead letters anew. @returns how many; undefined when no webhook has that name */
  resend(name: string): number | undefined
  /** Sends a notice that says it is a test. @returns false when no webhook has that name */
  test(name: string, by: string): boolean
  close(): void
}

export interface WebhooksOptions {
  readonly webhooks: readonly Webhook[]
  readonly eventLog: EventLog
  readonly clock: Clock
  readonly log: Log
  /** URI of this daemon (CloudEvents 1.0 §3.1). */
  readonly source: string
  /** A number from 0 to 1; absent: Math.random. */
  readonly random?: () => number
  /** Posts a body; absent: over HTTP. */
  readonly createPost?: typeof createPost
  /** Keeps what is not delivered over restarts; absent: it is lost. */
  readonly keeper?: LetterKeeper
}

/** Milliseconds. */
const LOOK_EVERY = 1000

/** A time as receivers read it: by the machine's clock. */
function shown(milliseconds: number): string {
  return new Date(shownTime(milliseconds)).toISOString()
}

function deliver(hook: Webhook, options: WebhooksOptions): Delivery {
  const { clock, log, random = Math.random, keeper } = options
  const { name } = hook
  return createDelivery({
    ...(keeper !== undefined && { box: keeper.box(name), left: keeper.left(name) }),
    clock,
    random,
    giveUpAfter: hook.giveUpHours * 3_600_000,
    post: (options.createPost ?? createPost)(hook),
    onOutcome(outcome, { title }, why) {
      const fields = { event: 'webhook', webhook: name, outcome, title }
      if (outcome === 'delivered') log.debug(fields, `webhook ${name} took "${title}"`)
      else if (outcome === 'failed')
        log.warn(fields, `webhook ${name} did not take "${title}": ${why}`)
      else log.error(fields, `webhook ${name} never gets "${title}": ${why}`)
    },
  })
}

/** Joins one receiver to the event log. */
function run(hook: Webhook, options: WebhooksOptions) {
  const { clock, eventLog, source } = options
  const delivery = deliver(hook, options)
  const incidents = createIncidents({
    severity: hook.severity,
    gather: hook.gatherSeconds * 1000,
  })
  let cancel: (() => void) | null = null

  const send = (notice: Notice) => {
    const body = writeBody(hook.format, notice, { source, shown })
    delivery.send({ id: noticeId(notice), title: notice.title, body, madeAt: clock.now() })
  }

  const look = () => {
    cancel = null
    for (const notice of incidents.due(clock.now())) send(notice)
    if (!incidents.idle()) cancel = clock.after(LOOK_EVERY, look)
  }

  const unsubscribe = eventLog.subscribe((event) => {
    incidents.take(event)
    cancel ??= clock.after(LOOK_EVERY, look)
  })

  return {
    hook,
    delivery,
    send,
    close() {
      unsubscribe()
      cancel?.()
      delivery.close()
    },
  }
}

/** Starts the webhooks. */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const running = new Map(options.webhooks.map((hook) => [hook.name, run(hook, options)]))

  return {
    list: () =>
      Array.from(running.values(), ({ hook, delivery }) => ({
        name: hook.name,
        origin: new URL(hook.url).origin,
        format: hook.format,
        severity: hook.severity,
        signed: hook.secret !== null,
        ...delivery.status(),
      })),
    deadLetters: (name) => running.get(name)?.delivery.deadLetters,
    resend: (name) => running.get(name)?.delivery.resend(),
    test(name, by) {
      const one = running.get(name)
      one?.send({
        kind: 'test',
        about: 'daemon',
        severity: 'warning',
        time: options.clock.now(),
        title: `Test of webhook ${name}, asked for by ${by}`,
        incident: 'test',
        reasons: [],
        count: 0,
        subjects: [],
      })
      return one !== undefined
    },
    close() {
      for (const one of running.values()) one.close()
    },
  }
}
