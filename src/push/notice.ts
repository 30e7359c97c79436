/** What is pushed to people: one message about something that failed, recovered, or flaps. */
import { createHash } from 'node:crypto'
import type { Severity } from '../engine/types.ts'
import { formatDuration } from '../telemetry/duration.ts'

export const noticeKinds = ['failed', 'recovered', 'flapping', 'test'] as const
export type NoticeKind = (typeof noticeKinds)[number]

/** One prefix or session that a notice is about. */
export interface NoticeSubject {
  readonly name: string
  /** Text of the prefix; absent for a session. */
  readonly prefix?: string
  /** Milliseconds since the epoch: since when it fails, or failed. */
  readonly since: number
  /** Why, in one or more sentences. */
  readonly message: string
}

export interface Notice {
  readonly kind: NoticeKind
  readonly about: 'prefix' | 'session' | 'daemon'
  readonly severity: Severity
  /** Milliseconds since the epoch. */
  readonly time: number
  /** One line: what happened. */
  readonly title: string
  /** Same for the failure and its recovery; what a receiver matches them by. */
  readonly incident: string
  /** Reasons of the findings, such as `missing-community`; empty for a session. */
  readonly reasons: readonly string[]
  /** How many prefixes or sessions it is about. */
  readonly count: number
  /** Those named one by one. */
  readonly subjects: readonly NoticeSubject[]
  /** Prefixes that this session's loss touches: they get no message of their own. */
  readonly affectedPrefixes?: number
  /** How long it lasted, milliseconds; of several, the longest. Only of a recovery. */
  readonly duration?: number
}

/** Where notices come from. */
export interface NoticeSource {
  /** URI of this daemon (CloudEvents 1.0 §3.1), such as `urn:bgpwarden:192.0.2.1`. */
  readonly source: string
  /** @returns the time by the machine's clock, ISO 8601 */
  readonly shown: (milliseconds: number) => string
}

/** Id of a notice: the same for every try to deliver it (CloudEvents 1.0 §3.1). */
export function noticeId(notice: Notice): string {
  const text = [notice.kind, notice.incident, notice.time, notice.title].join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** `io.bgpwarden.prefix.failed` and the like. */
export function eventType({ about, kind }: Notice): string {
  return `io.bgpwarden.${about}.${kind}`
}

/** A notice as a CloudEvent (CloudEvents 1.0, JSON format §3). */
export function cloudEvent(notice: Notice, { source, shown }: NoticeSource) {
  const { subjects, duration, affectedPrefixes } = notice
  const [only] = subjects
  return {
    specversion: '1.0',
    id: noticeId(notice),
    source,
    type: eventType(notice),
    time: shown(notice.time),
    ...(notice.count === 1 && only !== undefined && { subject: only.name }),
    datacontenttype: 'application/json',
    data: {
      title: notice.title,
      severity: notice.severity,
      incident: notice.incident,
      reasons: [...notice.reasons],
      count: notice.count,
      subjects: subjects.map((subject) => ({ ...subject, since: shown(subject.since) })),
      ...(affectedPrefixes !== undefined && { affectedPrefixes }),
      ...(duration !== undefined && {
        durationSeconds: Math.round(duration / 1000),
        duration: formatDuration(duration),
      }),
    },
  }
}
