/** What happened, in one English sentence, for log lines and the event log. */
import type { FindingChange, PrefixEvent } from '../engine/types.ts'
import type { DownReason, Negotiated, NotificationRecord } from '../session/types.ts'
import { formatDuration } from './duration.ts'

/** Findings named one by one in a line; the rest are counted. */
const NAMED_FINDINGS = 5

/**
 * Says a NOTIFICATION.
 * @returns for instance `the peer sent Cease / Administrative Shutdown: "maintenance until 5"`
 */
export function describeNotification(notification: NotificationRecord): string {
  const who = notification.direction === 'received' ? 'the peer sent' : 'we sent'
  const said = notification.communication ? `: "${notification.communication}"` : ''
  return `${who} ${notification.text}${said}`
}

/** Says why a session went down or did not come up. */
export function describeDown(reason: DownReason): string {
  return reason.kind === 'notification'
    ? describeNotification(reason.notification)
    : reason.message.replace(/\.$/, '')
}

/** @returns for instance `AS 64501, router ID 192.0.2.9, hold time 90 s, ipv4 and ipv6` */
export function describeNegotiated(negotiated: Negotiated): string {
  const hold = negotiated.holdTime === 0 ? 'no hold timer' : `hold time ${negotiated.holdTime} s`
  const families = negotiated.families.join(' and ') || 'no common address family'
  return `AS ${negotiated.remoteAsn}, router ID ${negotiated.remoteRouterId}, ${hold}, ${families}`
}

function openedWords(change: FindingChange): string {
  return change.message.replace(/\.$/, '')
}

function closedWords(change: FindingChange): string {
  const where = change.session === null ? '' : ` on ${change.session}`
  const after = change.duration === undefined ? '' : ` after ${formatDuration(change.duration)}`
  return `${change.reason}${where}${after}`
}

function list(changes: readonly FindingChange[], words: (change: FindingChange) => string): string {
  const named = changes.slice(0, NAMED_FINDINGS).map(words)
  const rest = changes.length - named.length
  return rest > 0 ? `${named.join('; ')}; and ${rest} more` : named.join('; ')
}

/**
 * Says a verdict change: what the prefix is now, what it was and for how long, which findings
 * opened (as sentences) and which closed.
 */
export function describePrefixEvent(event: PrefixEvent): string {
  const subject = `prefix ${event.name} (${event.prefix})`
  const lasted = formatDuration(event.duration)
  let head: string
  if (event.to === null) {
    head = `${subject} is no longer registered, was ${event.from} for ${lasted}`
  } else if (event.from === null) {
    head = `${subject} is registered: ${event.to}`
  } else if (event.from === event.to) {
    head = `${subject} is still ${event.to} after ${lasted}`
  } else {
    head = `${subject} is ${event.to}, was ${event.from} for ${lasted}`
  }
  const opened = event.opened.length > 0 ? `: ${list(event.opened, openedWords)}` : ''
  const closed = event.closed.length > 0 ? ` (closed: ${list(event.closed, closedWords)})` : ''
  return `${head}${opened}${closed}`
}
