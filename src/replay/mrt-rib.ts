/** RIB dumps in MRT: TABLE_DUMP (RFC 6396 §4.2) and TABLE_DUMP_V2 (§4.3, RFC 8050 §4). */
import { Family, type Prefix } from '../prefix/prefix.ts'
import { Cursor } from '../wire/cursor.ts'
import { DecodeError } from '../wire/errors.ts'
import { readPrefixInto } from '../wire/nlri.ts'
import { assumedSettings, type CaptureSession, type CaptureSink } from './items.ts'
import { addressText } from './mrt-address.ts'
import { RecordError } from './mrt-error.ts'

const PEER_INDEX_TABLE = 1

/** Unicast RIB subtypes of TABLE_DUMP_V2, by number. */
const ribSubtypes: Readonly<Record<number, readonly [family: Family, addPath: boolean]>> = {
  2: [Family.ipv4, false],
  4: [Family.ipv6, false],
  8: [Family.ipv4, true],
  10: [Family.ipv6, true],
}

/** TABLE_DUMP: its subtypes are AFIs; 3 and 4 are those of old collectors that wrote 4-octet AS numbers. */
const dumpSubtypes: Readonly<Record<number, readonly [family: Family, as4: boolean]>> = {
  1: [Family.ipv4, false],
  2: [Family.ipv6, false],
  3: [Family.ipv4, true],
  4: [Family.ipv6, true],
}

const MAX_SESSIONS = 65_536

/**
 * @returns readers of one record between `start` and `end`; false: not of a kind that is read; they
 *   throw RecordError or OverrunError when its content does not fit
 */
export function tableDumpReader(sink: CaptureSink) {
  const sessions = new Map<string, CaptureSession>()
  let peers: readonly CaptureSession[] = []
  let lastId = 0
  const prefix: Prefix = { family: Family.ipv4, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

  function find(address: string, asn: number, as4: boolean): CaptureSession {
    const key = `${address} ${asn} ${as4}`
    let session = sessions.get(key)
    if (session === undefined) {
      if (sessions.size >= MAX_SESSIONS) sessions.clear()
      session = {
        id: ++lastId,
        source: { address, port: null, asn },
        destination: { address: null, port: null, asn: null },
        // A table holds what the collector made of the UPDATE; LOCAL_PREF and the like are its own.
        settings: { ...assumedSettings, as4, external: false },
        as4From: 'mrt',
        extendedMessages: true,
      }
      sessions.set(key, session)
    }
    return session
  }

  /** RFC 6396 §4.3.1. */
  function readPeers(cursor: Cursor): CaptureSession[] {
    cursor.skip(4)
    cursor.skip(cursor.u16())
    const count = cursor.u16()
    const list: CaptureSession[] = []
    for (let i = 0; i < count; i++) {
      const type = cursor.u8()
      cursor.skip(4)
      const address = addressText(cursor, type & 1 ? 2 : 1)
      list.push(find(address, type & 2 ? cursor.u32() : cursor.u16(), true))
    }
    return list
  }

  function readPrefix(cursor: Cursor, family: Family): void {
    try {
      readPrefixInto(prefix, cursor, family)
    } catch (error) {
      if (error instanceof DecodeError) throw new RecordError(error.message)
      throw error
    }
  }

  /** RFC 6396 §4.3.2 and §4.3.4, RFC 8050 §4.1. */
  function readRib(time: number, cursor: Cursor, family: Family, addPath: boolean): void {
    cursor.skip(4)
    readPrefix(cursor, family)
    const count = cursor.u16()
    for (let i = 0; i < count; i++) {
      const index = cursor.u16()
      const originated = cursor.u32() * 1000
      const pathId = addPath ? cursor.u32() : null
      const length = cursor.u16()
      const start = cursor.skip(length)
      const session = peers[index]
      if (session === undefined) {
        throw new RecordError(`peer ${index}, but the peer index table has ${peers.length}`)
      }
      const { view } = cursor
      const end = start + length
      sink({ kind: 'rib', time, originated, session, prefix, pathId, view, start, end })
    }
  }

  return {
    version2(time: number, subtype: number, view: DataView, start: number, end: number): boolean {
      const cursor = new Cursor(view, start, end)
      if (subtype === PEER_INDEX_TABLE) {
        peers = readPeers(cursor)
        return true
      }
      const kind = ribSubtypes[subtype]
      if (kind === undefined) return false
      readRib(time, cursor, ...kind)
      return true
    },
    /** RFC 6396 §4.2. */
    version1(time: number, subtype: number, view: DataView, start: number, end: number): boolean {
      const kind = dumpSubtypes[subtype]
      if (kind === undefined) return false
      const [family, as4] = kind
      const cursor = new Cursor(view, start, end)
      // View number and sequence number.
      cursor.skip(4)
      readWholePrefix(prefix, cursor, family)
      cursor.skip(1)
      const originated = cursor.u32() * 1000
      const address = addressText(cursor, family)
      const session = find(address, as4 ? cursor.u32() : cursor.u16(), as4)
      const length = cursor.u16()
      const at = cursor.skip(length)
      const item = { time, originated, session, prefix, pathId: null, view }
      sink({ kind: 'rib', ...item, start: at, end: at + length })
      return true
    },
  }
}

/** A whole address, then the length. */
function readWholePrefix(prefix: Prefix, cursor: Cursor, family: Family): void {
  const octets = family === Family.ipv4 ? 4 : 16
  const address = cursor.copy(octets)
  const length = cursor.u8()
  if (length > 8 * octets) throw new RecordError(`prefix length ${length}`)
  const encoded = Uint8Array.of(length, ...address)
  readPrefixInto(prefix, new Cursor(new DataView(encoded.buffer)), family)
}
