/** pcapng files (draft-ietf-opsawg-pcapng): sections, interfaces and packets; other blocks are passed over. */
import { linkTypeNames } from './link-layer.ts'
import type { OctetReader } from './octet-reader.ts'
import { type FrameSink, MAX_FRAME } from './pcap.ts'

const BlockType = {
  interfaceDescription: 1,
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
  sectionHeader: 0x0a0d0d0a,
} as const

const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** Type, total length, and the total length again. */
const BLOCK_OVERHEAD = 12
/** A packet block with room for its options. */
const MAX_BLOCK = MAX_FRAME + (1 << 20)
/** More than any capture has; each costs memory until the section ends. */
const MAX_INTERFACES = 65_536
/** Milliseconds: the end of 32-bit seconds, as far as the other formats reach. */
const MAX_TIME = 0xffffffff * 1000
const OPTION_END = 0
const OPTION_IF_TSRESOL = 9
const OPTION_IF_TSOFFSET = 14

interface Interface {
  readonly linkType: number
  readonly snapLength: number
  /** Units a second. */
  readonly units: number
  /** Seconds to be added. */
  readonly offset: number
}

/** @param magic the first four octets, in network order */
export function isPcapng(magic: number): boolean {
  return magic === BlockType.sectionHeader
}

/** if_tsresol: a power of ten, or of two when the uppermost bit is set. */
function resolution(octet: number): number {
  return octet & 0x80 ? 2 ** (octet & 0x7f) : 10 ** octet
}

/** Options of a block between `start` and `end`; what runs over the end is left out. */
function readInterface(view: DataView, start: number, end: number, little: boolean): Interface {
  let units = 1e6
  let offset = 0
  for (let at = start + 8; at + 4 <= end; ) {
    const code = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    const value = at + 4
    if (code === OPTION_END || value + length > end) break
    if (code === OPTION_IF_TSRESOL && length >= 1) units = resolution(view.getUint8(value))
    if (code === OPTION_IF_TSOFFSET && length >= 8) {
      offset = Number(view.getBigInt64(value, little))
    }
    at = value + length + ((4 - (length & 3)) & 3)
  }
  const linkType = view.getUint16(start, little)
  return { linkType, snapLength: view.getUint32(start + 4, little), units, offset }
}

/** What packet blocks of the three kinds have in common. */
interface PacketFields {
  readonly interfaceId: number
  readonly high: number
  readonly low: number
  readonly captured: number
  /** Octets of the body before the frame. */
  readonly header: number
}

function packetHeaderLength(type: number): number {
  return type === BlockType.simplePacket ? 4 : 20
}

function readPacketFields(
  type: number,
  view: DataView,
  at: number,
  bodyLength: number,
  little: boolean,
  interfaces: readonly Interface[],
): PacketFields {
  const header = packetHeaderLength(type)
  if (type === BlockType.simplePacket) {
    const length = view.getUint32(at, little)
    const snap = interfaces[0]?.snapLength || MAX_FRAME
    const captured = Math.min(length, snap, bodyLength - header)
    return { interfaceId: 0, high: 0, low: 0, captured, header }
  }
  // The obsolete Packet Block has a 16-bit interface and a count of drops where the other has 32 bits.
  const interfaceId =
    type === BlockType.packet ? view.getUint16(at, little) : view.getUint32(at, little)
  return {
    interfaceId,
    high: view.getUint32(at + 4, little),
    low: view.getUint32(at + 8, little),
    captured: view.getUint32(at + 12, little),
    header,
  }
}

/** A 64-bit count of units; of nanoseconds it has more digits than a number holds. */
function milliseconds(high: number, low: number, units: number): number {
  const count = (BigInt(high) << 32n) | BigInt(low)
  const perSecond = BigInt(units)
  return Number(count / perSecond) * 1000 + (Number(count % perSecond) * 1000) / units
}

/**
 * Reads a pcapng file from its first octet to its end.
 * @param skipped told for each packet of an interface whose link type is not supported
 * @throws CaptureError where it is damaged or cut off
 */
export async function readPcapng(
  reader: OctetReader,
  sink: FrameSink,
  skipped: (linkType: number) => void,
): Promise<void> {
  let little = false
  let interfaces: Interface[] = []
  let lastTime = 0

  /** Type and total length of the block at hand; a section header sets the octet order first. */
  async function readBlockHeader(): Promise<{ type: number; total: number }> {
    await reader.require(BLOCK_OVERHEAD, 'a block header')
    if (reader.view.getUint32(reader.start) === BlockType.sectionHeader) {
      const magic = reader.view.getUint32(reader.start + 8)
      little = magic !== BYTE_ORDER_MAGIC
      if (little && magic !== 0x4d3c2b1a) {
        throw reader.error('a section header without the byte-order magic 1a2b3c4d', 8)
      }
      interfaces = []
    }
    const type = reader.view.getUint32(reader.start, little)
    const total = reader.view.getUint32(reader.start + 4, little)
    if (total < BLOCK_OVERHEAD || total % 4 !== 0) {
      throw reader.error(
        `a block of ${total} octets, expected at least ${BLOCK_OVERHEAD} and a multiple of 4`,
        4,
      )
    }
    return { type, total }
  }

  function packet(type: number, total: number): void {
    const at = reader.start + 8
    const body = total - BLOCK_OVERHEAD
    if (body < packetHeaderLength(type)) {
      throw reader.error(`a packet block of ${total} octets has no room for its header`, 4)
    }
    const fields = readPacketFields(type, reader.view, at, body, little, interfaces)
    const from = interfaces[fields.interfaceId]
    if (from === undefined) {
      throw reader.error(
        `a packet of interface ${fields.interfaceId}, but the section has ${interfaces.length}`,
        8,
      )
    }
    if (fields.captured > body - fields.header) {
      throw reader.error(
        `a packet of ${fields.captured} octets in a block that has room for ${body - fields.header}`,
        20,
      )
    }
    if (type !== BlockType.simplePacket) {
      const time = milliseconds(fields.high, fields.low, from.units) + from.offset * 1000
      lastTime = Math.min(Math.max(0, time), MAX_TIME)
    }
    if (linkTypeNames[from.linkType] === undefined) {
      skipped(from.linkType)
      return
    }
    const start = at + fields.header
    sink(lastTime, from.linkType, reader.view, start, start + fields.captured)
  }

  while (await reader.fill(1)) {
    const { type, total } = await readBlockHeader()
    const isPacket =
      type === BlockType.enhancedPacket ||
      type === BlockType.simplePacket ||
      type === BlockType.packet
    if (!isPacket && type !== BlockType.interfaceDescription) {
      await reader.skip(total, `a block of type ${type}`)
      continue
    }
    if (total > MAX_BLOCK) {
      throw reader.error(`a block of ${total} octets, expected at most ${MAX_BLOCK}`, 4)
    }
    await reader.require(total, 'a block')
    const again = reader.view.getUint32(reader.start + total - 4, little)
    if (again !== total) {
      throw reader.error(`a block of ${total} octets ends with the length ${again}`, total - 4)
    }
    if (isPacket) packet(type, total)
    else {
      if (total < BLOCK_OVERHEAD + 8) {
        throw reader.error(`an interface description of ${total} octets, expected at least 20`, 4)
      }
      if (interfaces.length >= MAX_INTERFACES) {
        throw reader.error(`more than ${MAX_INTERFACES} interfaces in a section`)
      }
      const at = reader.start + 8
      interfaces.push(readInterface(reader.view, at, reader.start + total - 4, little))
    }
    reader.advance(total)
  }
}
