/** One capture file, whatever its format, as a stream of items. */
import { CaptureError } from './capture-error.ts'
import { type Compression, openCapture, openOctets, type Progress } from './capture-file.ts'
import { type ConnectionCounts, connectionTable } from './connections.ts'
import type { CaptureSink } from './items.ts'
import { findIp } from './link-layer.ts'
import { isPlausibleMrt, type RecordCounts, readMrt } from './mrt.ts'
import type { OctetReader } from './octet-reader.ts'
import { type FrameSink, isPcap, readPcap, unknownLinkType } from './pcap.ts'
import { isPcapng, readPcapng } from './pcapng.ts'
import { type PacketCounts, segmentReader } from './segments.ts'

export type CaptureFormat = 'pcap' | 'pcapng' | 'mrt'

/** What reading a file came to. */
export interface CaptureReport {
  readonly file: string
  /** null: the file is empty or of no known format; `damage` then says so. */
  format: CaptureFormat | null
  compression: Compression | null
  readonly packets: PacketCounts & ConnectionCounts
  readonly records: RecordCounts
  /** Where the file could not be read further; what came before has been told to the sink. */
  damage: CaptureError | null
}

export interface CaptureOptions {
  readonly progress?: Progress
}

const formatsExpected = 'expected pcap, pcapng or MRT, plain or compressed with gzip or bzip2'

/** Names that collectors give to MRT files. */
const mrtName = /(^|[/._-])(mrt|bview|rib|updates)([._-]|$)/i

async function detect(reader: OctetReader): Promise<CaptureFormat> {
  if (!(await reader.fill(1))) throw reader.error(`the file is empty, ${formatsExpected}`)
  await reader.fill(12)
  const { view, start, available } = reader
  const magic = available >= 4 ? view.getUint32(start) : 0
  if (isPcap(magic)) return 'pcap'
  if (isPcapng(magic)) return 'pcapng'
  if (available >= 12 && isPlausibleMrt(view, start)) return 'mrt'
  // Content decides; a name helps only to tell what is wrong with a damaged file.
  if (mrtName.test(reader.file)) return 'mrt'
  throw reader.error(`unknown file format, ${formatsExpected}`)
}

async function readPackets(
  reader: OctetReader,
  format: 'pcap' | 'pcapng',
  sink: CaptureSink,
  report: CaptureReport,
): Promise<void> {
  const { packets } = report
  const connections = connectionTable(sink, packets)
  let time = 0
  const segments = segmentReader(packets, (segment) => connections.segment(time, segment))
  const frame: FrameSink = (at, linkType, view, start, end) => {
    packets.packets++
    time = at
    const ip = findIp(linkType, view, start, end)
    if (ip < 0) packets.otherProtocol++
    else segments.packet(view, ip, end)
  }
  let unsupported: number | undefined
  try {
    if (format === 'pcap') await readPcap(reader, frame)
    else {
      await readPcapng(reader, frame, (linkType) => {
        packets.otherProtocol++
        unsupported ??= linkType
      })
    }
    if (packets.packets === 0 && unsupported !== undefined) {
      throw reader.error(unknownLinkType(unsupported))
    }
  } finally {
    segments.flush()
    connections.flush()
  }
}

function emptyReport(file: string): CaptureReport {
  return {
    file,
    format: null,
    compression: null,
    packets: {
      packets: 0,
      truncated: 0,
      otherProtocol: 0,
      malformed: 0,
      fragments: 0,
      incompleteDatagrams: 0,
      connections: 0,
      bgpConnections: 0,
      forgotten: 0,
    },
    records: { records: 0, malformed: 0, firstMalformed: null, skipped: new Map() },
    damage: null,
  }
}

async function read(
  open: () => ReturnType<typeof openCapture>,
  report: CaptureReport,
  sink: CaptureSink,
): Promise<CaptureReport> {
  let reader: OctetReader | undefined
  try {
    const opened = open()
    reader = opened.reader
    report.compression = opened.compression ?? null
    report.format = await detect(reader)
    if (report.format === 'mrt') await readMrt(reader, sink, report.records)
    else await readPackets(reader, report.format, sink, report)
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    report.damage = error
  } finally {
    await reader?.close()
  }
  return report
}

/**
 * Reads a capture file: pcap, pcapng or MRT, recognised by content, plain or compressed. Memory stays
 * constant whatever the file's size.
 * @param sink gets the items in the order of the file
 * @returns what was read. A file that cannot be opened, is of another format, damaged or cut off is
 *   told in `damage`, after all that came before the damage went to the sink
 */
export function readCapture(
  file: string,
  sink: CaptureSink,
  options: CaptureOptions = {},
): Promise<CaptureReport> {
  return read(() => openCapture(file, options.progress), emptyReport(file), sink)
}

/**
 * The same for a capture in memory.
 * @param name stands for the file in errors
 */
export function readCaptureOctets(
  name: string,
  octets: Uint8Array,
  sink: CaptureSink,
): Promise<CaptureReport> {
  return read(() => openOctets(name, octets), emptyReport(name), sink)
}
