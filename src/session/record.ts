/** What a session counts and remembers over all its connections. */
import { describeError } from '../wire/errors.ts'
import {
  describeNotification,
  readHardReset,
  readShutdownCommunication,
} from '../wire/notification.ts'
import { formatHex } from '../wire/octets.ts'
import type { Notice } from './events.ts'
import type { MessageCounts, NotificationRecord, SessionStatus } from './types.ts'

/** Kinds of NOTIFICATION counted for one session; a peer that invents more is counted no further. */
const MAX_KINDS = 256

/** RFC 8654 lets a peer send 64 KiB, and ten thousand events may hold a NOTIFICATION each. */
const SHOWN_DATA_OCTETS = 256

type Direction = NotificationRecord['direction']

export interface SessionRecord {
  readonly received: MessageCounts
  readonly sent: MessageCounts
  /** Milliseconds since the epoch. */
  lastMessageAt: number | null
  lastNotification: NotificationRecord | null
  /** Why the session last went down or could not come up, in one sentence. */
  lastError: string | null
  /** Counts by direction, code and subcode. */
  notifications(): SessionStatus['notifications']
  /** Counts and keeps a NOTIFICATION; `time` in milliseconds since the epoch. */
  noteNotification(direction: Direction, notice: Notice, time: number): NotificationRecord
}

function noMessages(): MessageCounts {
  return { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }
}

/** Says a NOTIFICATION as values: its communication apart, any other data within the text. */
export function recordNotification(
  direction: Direction,
  notice: Notice,
  time: number,
): NotificationRecord {
  const { code, subcode } = notice
  const communication = readShutdownCommunication(notice)
  const data = formatHex(notice.data, SHOWN_DATA_OCTETS)
  if (communication === undefined) {
    return { direction, code, subcode, text: describeNotification(notice), data, time }
  }
  const inner = readHardReset(notice)
  const wrapped = inner === undefined ? '' : ` (${describeError(inner.code, inner.subcode)})`
  const text = `${describeError(code, subcode)}${wrapped}`
  return { direction, code, subcode, text, communication, data, time }
}

/** One sentence for logs and `lastError`. */
export function notificationSentence({
  direction,
  text,
  communication,
}: NotificationRecord): string {
  const said = communication === undefined ? '' : `: "${communication}"`
  return direction === 'received' ? `the peer sent ${text}${said}` : `sent ${text}${said}`
}

/** Makes an empty record. */
export function createRecord(): SessionRecord {
  const kinds = new Map<string, SessionStatus['notifications'][number] & { count: number }>()
  const record: SessionRecord = {
    received: noMessages(),
    sent: noMessages(),
    lastMessageAt: null,
    lastNotification: null,
    lastError: null,
    notifications: () => Array.from(kinds.values(), (kind) => ({ ...kind })),
    noteNotification(direction, notice, time) {
      const { code, subcode } = notice
      const key = `${direction} ${code} ${subcode}`
      const kind = kinds.get(key)
      if (kind !== undefined) kind.count++
      else if (kinds.size < MAX_KINDS) kinds.set(key, { direction, code, subcode, count: 1 })
      record[direction].notification++
      record.lastNotification = recordNotification(direction, notice, time)
      return record.lastNotification
    },
  }
  return record
}
