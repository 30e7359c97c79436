/** What a capture holds, in numbers. */
import { Family } from '../prefix/prefix.ts'
import { MessageType, messageTypeName } from '../wire/codes.ts'
import { OverrunError } from '../wire/cursor.ts'
import { DecodeError, ProtocolError } from '../wire/errors.ts'
import { decodeMessage } from '../wire/message.ts'
import type { Route } from '../wire/nlri.ts'
import { decodeUpdateValues, type UpdateValues } from '../wire/update-values.ts'
import { type CaptureReport, readCapture } from './capture.ts'
import type { CaptureItem, MessageItem } from './items.ts'

/** Messages by type and prefixes by family. Prefixes are those of well-formed UPDATEs. */
export interface CaptureCounts {
  /** By the name of the type, such as `UPDATE`; types that did not occur are absent. */
  readonly messages: Record<string, number>
  announcedV4: number
  announcedV6: number
  withdrawnV4: number
  withdrawnV6: number
  /** UPDATEs that announce or withdraw something of another family than IPv4 or IPv6 unicast. */
  announcedOtherFamilyUpdates: number
  withdrawnOtherFamilyUpdates: number
  /** Messages that cannot be decoded to their end. */
  malformedMessages: number
  ribV4: number
  ribV6: number
  stateChanges: number
  /** Octets that the capture lacks. */
  lostOctets: number
  /** Octets between messages that were no message. */
  unparsedOctets: number
}

export function emptyCounts(): CaptureCounts {
  return {
    messages: {},
    announcedV4: 0,
    announcedV6: 0,
    withdrawnV4: 0,
    withdrawnV6: 0,
    announcedOtherFamilyUpdates: 0,
    withdrawnOtherFamilyUpdates: 0,
    malformedMessages: 0,
    ribV4: 0,
    ribV6: 0,
    stateChanges: 0,
    lostOctets: 0,
    unparsedOctets: 0,
  }
}

/** @returns what the decoder made of a message, undefined when it cannot be decoded */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    const malformed =
      error instanceof ProtocolError ||
      error instanceof DecodeError ||
      error instanceof OverrunError
    if (malformed) return undefined
    throw error
  }
}

function countRoutes(
  counts: CaptureCounts,
  verb: 'announced' | 'withdrawn',
  routes: readonly Route[],
) {
  for (const { prefix } of routes) {
    counts[`${verb}${prefix.family === Family.ipv4 ? 'V4' : 'V6'}`]++
  }
}

function countUpdate(counts: CaptureCounts, update: UpdateValues): void {
  countRoutes(counts, 'withdrawn', update.withdrawn)
  countRoutes(counts, 'announced', update.nlri)
  for (const { value } of update.attributes) {
    if (value.kind === 'mpReachNlri') countRoutes(counts, 'announced', value.routes)
    else if (value.kind === 'mpUnreachNlri') countRoutes(counts, 'withdrawn', value.routes)
    else if (value.kind === 'mpReachOther') counts.announcedOtherFamilyUpdates++
    else if (value.kind === 'mpUnreachOther') counts.withdrawnOtherFamilyUpdates++
  }
}

function countMessage(counts: CaptureCounts, item: MessageItem): void {
  const { view, start, end, type } = item
  const name = messageTypeName[type as MessageType] ?? `type ${type}`
  counts.messages[name] = (counts.messages[name] ?? 0) + 1
  const isUpdate = type === MessageType.update
  const update = isUpdate
    ? attempt(() => decodeUpdateValues(view, start, end, item.session.settings))
    : undefined
  if (update) countUpdate(counts, update)
  else if (isUpdate || !attempt(() => decodeMessage(view, start, end))) counts.malformedMessages++
}

/** Adds one item of a capture to the counts. */
export function countItem(counts: CaptureCounts, item: CaptureItem): void {
  switch (item.kind) {
    case 'message':
      countMessage(counts, item)
      break
    case 'rib':
      counts[item.prefix.family === Family.ipv4 ? 'ribV4' : 'ribV6']++
      break
    case 'state':
      counts.stateChanges++
      break
    case 'gap':
      counts.lostOctets += item.lost
      counts.unparsedOctets += item.unparsed
      break
    case 'close':
      break
  }
}

/**
 * Counts what files hold, all together.
 * @returns the counts, and for each file what reading it came to
 */
export async function summarise(
  files: readonly string[],
): Promise<{ counts: CaptureCounts; reports: CaptureReport[] }> {
  const counts = emptyCounts()
  const reports: CaptureReport[] = []
  for (const file of files) {
    reports.push(await readCapture(file, (item) => countItem(counts, item)))
  }
  return { counts, reports }
}
