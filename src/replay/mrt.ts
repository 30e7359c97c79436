/** MRT files (RFC 6396, RFC 8050): records one after the other. */
import { OverrunError } from '../wire/cursor.ts'
import type { CaptureSink } from './items.ts'
import { bgp4mpReader } from './mrt-bgp4mp.ts'
import { RecordError } from './mrt-error.ts'
import { tableDumpReader } from './mrt-rib.ts'
import type { OctetReader } from './octet-reader.ts'

/** RFC 6396 §4: the types that are read. */
const MrtType = { tableDump: 12, tableDumpV2: 13, bgp4mp: 16, bgp4mpEt: 17 } as const

/** RFC 6396 §4 and the MRT registry, the deprecated types included. */
const typeNames: Readonly<Record<number, string>> = {
  5: 'BGP',
  6: 'RIP',
  7: 'IDRP',
  8: 'RIPNG',
  9: 'BGP4PLUS',
  10: 'BGP4PLUS_01',
  11: 'OSPFv2',
  12: 'TABLE_DUMP',
  13: 'TABLE_DUMP_V2',
  16: 'BGP4MP',
  17: 'BGP4MP_ET',
  32: 'ISIS',
  33: 'ISIS_ET',
  48: 'OSPFv3',
  49: 'OSPFv3_ET',
}

const HEADER_LENGTH = 12
/** Many times what the largest RIB record of a collector takes. */
const MAX_RECORD = 1 << 24
/** Subtypes stay below this in the registry. */
const MAX_SUBTYPE = 12
const MAX_KINDS = 64

export interface RecordCounts {
  records: number
  /** Records whose content does not fit their length. */
  malformed: number
  /** What was wrong with the first of them, with its place. */
  firstMalformed: string | null
  /** Records that say nothing about unicast routes or sessions, by type and subtype. */
  readonly skipped: Map<string, number>
}

/**
 * Whether a file may begin so: MRT has no magic number, so the first header must be plausible.
 * @param at where 12 octets stand in `view`
 */
export function isPlausibleMrt(view: DataView, at: number): boolean {
  const type = view.getUint16(at + 4)
  const subtype = view.getUint16(at + 6)
  const length = view.getUint32(at + 8)
  return typeNames[type] !== undefined && subtype <= MAX_SUBTYPE && length <= MAX_RECORD
}

function countSkipped(counts: RecordCounts, type: number, subtype: number): void {
  const kind = `${typeNames[type] ?? `type ${type}`}/${subtype}`
  const key = counts.skipped.has(kind) || counts.skipped.size < MAX_KINDS ? kind : 'others'
  counts.skipped.set(key, (counts.skipped.get(key) ?? 0) + 1)
}

/**
 * Reads an MRT file from its first octet to its end.
 * @throws CaptureError where it is cut off, or no record can begin
 */
export async function readMrt(
  reader: OctetReader,
  sink: CaptureSink,
  counts: RecordCounts,
): Promise<void> {
  const bgp4mp = bgp4mpReader(sink)
  const tableDump = tableDumpReader(sink)

  /** @returns whether the record was of a kind that is read */
  function record(
    time: number,
    type: number,
    subtype: number,
    view: DataView,
    start: number,
    end: number,
  ): boolean {
    switch (type) {
      case MrtType.bgp4mp:
        return bgp4mp(time, subtype, view, start, end)
      case MrtType.bgp4mpEt: {
        // RFC 6396 §3: microseconds stand before the message and count in its length.
        if (end - start < 4) throw new RecordError('no room for the microseconds')
        return bgp4mp(time + view.getUint32(start) / 1000, subtype, view, start + 4, end)
      }
      case MrtType.tableDump:
        return tableDump.version1(time, subtype, view, start, end)
      case MrtType.tableDumpV2:
        return tableDump.version2(time, subtype, view, start, end)
      default:
        return false
    }
  }

  while (await reader.fill(1)) {
    await reader.require(HEADER_LENGTH, 'a record header')
    const time = reader.view.getUint32(reader.start) * 1000
    const type = reader.view.getUint16(reader.start + 4)
    const subtype = reader.view.getUint16(reader.start + 6)
    const length = reader.view.getUint32(reader.start + 8)
    if (length > MAX_RECORD) {
      throw reader.error(`a record of ${length} octets, expected at most ${MAX_RECORD}`, 8)
    }
    await reader.require(HEADER_LENGTH + length, 'a record with its header')
    counts.records++
    const start = reader.start + HEADER_LENGTH
    try {
      if (!record(time, type, subtype, reader.view, start, start + length)) {
        countSkipped(counts, type, subtype)
      }
    } catch (error) {
      if (!(error instanceof RecordError || error instanceof OverrunError)) throw error
      counts.malformed++
      counts.firstMalformed ??= reader.error(
        `a ${typeNames[type]} record of subtype ${subtype} is malformed: ${error.message}`,
      ).message
    }
    reader.advance(HEADER_LENGTH + length)
  }
}
