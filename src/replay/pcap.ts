/** pcap files: the format of libpcap, in both octet orders, with microseconds or nanoseconds. */
import { linkTypeNames } from './link-layer.ts'
import type { OctetReader } from './octet-reader.ts'

/**
 * A captured frame at `start` to `end` of `view`, valid only during the call.
 * @param time milliseconds since the epoch
 */
export type FrameSink = (
  time: number,
  linkType: number,
  view: DataView,
  start: number,
  end: number,
) => void

/** libpcap's limit for a captured frame. */
export const MAX_FRAME = 262_144

const FILE_HEADER = 24

/** By magic number as read in network order: whether words are little-endian, units a second, octets a packet header. */
const variants: Readonly<
  Record<number, readonly [little: boolean, units: number, header: number]>
> = {
  2712847316: [false, 1e6, 16],
  3569595041: [true, 1e6, 16],
  2712812621: [false, 1e9, 16],
  1295823521: [true, 1e9, 16],
  // A variant with eight more octets a packet, from an old patch for Linux.
  2712849716: [false, 1e6, 24],
  885895841: [true, 1e6, 24],
}

/** @param magic the first four octets, in network order */
export function isPcap(magic: number): boolean {
  return variants[magic] !== undefined
}

/** @returns `127 (not one of Ethernet (1), ...)`, for errors */
export function unknownLinkType(linkType: number): string {
  const known = Object.entries(linkTypeNames).map(([number, name]) => `${name} (${number})`)
  return `link type ${linkType} is not supported, expected one of ${known.join(', ')}`
}

/**
 * Reads a pcap file from its first octet to its end.
 * @throws CaptureError where it is damaged or cut off
 */
export async function readPcap(reader: OctetReader, sink: FrameSink): Promise<void> {
  await reader.require(FILE_HEADER, 'a pcap file header')
  const [little, units, header] = variants[reader.view.getUint32(reader.start)] ?? [false, 1e6, 16]
  const major = reader.view.getUint16(reader.start + 4, little)
  if (major !== 2) throw reader.error(`pcap version ${major}, expected 2`, 4)
  // The upper 16 bits tell of a frame check sequence.
  const linkType = reader.view.getUint32(reader.start + 20, little) & 0xffff
  if (linkTypeNames[linkType] === undefined) throw reader.error(unknownLinkType(linkType), 20)
  reader.advance(FILE_HEADER)
  while (await reader.fill(1)) {
    await reader.require(header, 'a packet header')
    const { view, start } = reader
    const seconds = view.getUint32(start, little)
    const fraction = view.getUint32(start + 4, little)
    const captured = view.getUint32(start + 8, little)
    if (captured > MAX_FRAME) {
      throw reader.error(`a packet of ${captured} octets, expected at most ${MAX_FRAME}`, 8)
    }
    await reader.require(header + captured, 'a packet with its header')
    const at = reader.start + header
    const time = seconds * 1000 + (fraction * 1000) / units
    sink(time, linkType, reader.view, at, at + captured)
    reader.advance(header + captured)
  }
}
