/** The UPDATEs of a capture file, ready to be sent on a session of our own. */

import { readCapture } from '../replay/capture.ts'
import type { CaptureItem, MessageItem, RibItem } from '../replay/items.ts'
import { ribUpdate } from '../replay/rib-update.ts'
import { MessageType } from '../wire/codes.ts'
import { OverrunError } from '../wire/cursor.ts'
import { DecodeError, EncodeError, ProtocolError } from '../wire/errors.ts'
import type { DecodeSettings } from '../wire/messages.ts'
import { decodeUpdateValues, encodeUpdate } from '../wire/update-values.ts'
import type { Messages } from './speaker.ts'
import type { SendSettings } from './updates.ts'

/** The reader of captures pushes; a session takes at its own pace. What lies between is held, up to this. */
const MAX_OCTETS = 512 * 1024 * 1024

/** A capture that cannot be announced; `message` is a whole sentence. */
export class CaptureUpdatesError extends Error {
  override readonly name = 'CaptureUpdatesError'
}

interface Kept {
  readonly octets: Uint8Array
  readonly settings: DecodeSettings
}

export interface CaptureUpdates {
  readonly count: number
  /** UPDATEs that could not be put into the session's own settings are left out. */
  readonly messages: Messages
}

function copyOf({ view, start, end }: MessageItem): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice()
}

function updateOf(item: CaptureItem): Uint8Array | undefined {
  if (item.kind === 'rib') return ribUpdate(item)
  if (item.kind !== 'message' || item.type !== MessageType.update) return undefined
  return copyOf(item)
}

/** A dumped route keeps its path identifier, whatever its session negotiated. */
function settingsOf(item: MessageItem | RibItem): DecodeSettings {
  const { settings } = item.session
  if (item.kind === 'message') return { ...settings }
  const paths = item.pathId !== null
  return { ...settings, as4: true, addPathIpv4: paths, addPathIpv6: paths }
}

/** The octets as they stand, or written anew where the captured session had other settings. */
function translate({ octets, settings }: Kept, now: SendSettings): Uint8Array | undefined {
  const fits = octets.length <= now.maxMessageLength
  if (fits && settings.as4 === now.as4 && !settings.addPathIpv4 && !settings.addPathIpv6) {
    return octets
  }
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  try {
    const values = decodeUpdateValues(view, 0, octets.length, settings)
    return encodeUpdate(values, { ...now, addPathIpv4: false, addPathIpv6: false })
  } catch (error) {
    const unfit = [DecodeError, OverrunError, ProtocolError, EncodeError]
    if (unfit.some((type) => error instanceof type)) return undefined
    throw error
  }
}

/**
 * Reads the UPDATEs of a pcap, pcapng or MRT file, and the routes of a RIB dump as UPDATEs.
 * @param from only what this address sent; absent: all of it
 * @throws CaptureError when the file is no capture or damaged; CaptureUpdatesError when it has no
 *   UPDATE, or more than is held
 */
export async function readCaptureUpdates(file: string, from?: string): Promise<CaptureUpdates> {
  const kept: Kept[] = []
  const senders = new Set<string>()
  let held = 0
  const report = await readCapture(file, (item) => {
    if (item.kind !== 'message' && item.kind !== 'rib') return
    if (held > MAX_OCTETS) return
    const sender = item.session.source.address ?? 'unknown'
    if (from !== undefined && sender !== from) {
      senders.add(sender)
      return
    }
    const octets = updateOf(item)
    if (octets === undefined) return
    held += octets.length
    kept.push({ octets, settings: settingsOf(item) })
  })
  if (report.damage !== null) throw report.damage
  if (held > MAX_OCTETS) {
    throw new CaptureUpdatesError(`${file}: more than 512 MiB of UPDATEs; narrow with --from`)
  }
  if (kept.length === 0) {
    const others = senders.size === 0 ? '' : ` from ${from}, only from ${[...senders].join(', ')}`
    throw new CaptureUpdatesError(`${file}: there is no UPDATE${others}`)
  }
  return {
    count: kept.length,
    *messages(now) {
      for (const one of kept) {
        const octets = translate(one, now)
        if (octets !== undefined) yield octets
      }
    },
  }
}
