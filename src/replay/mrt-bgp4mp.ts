/** BGP4MP and BGP4MP_ET records (RFC 6396 §4.4, RFC 8050 §3): messages and state changes. */
import { HEADER_LENGTH, MAX_EXTENDED_MESSAGE_LENGTH, MessageType } from '../wire/codes.ts'
import { Cursor } from '../wire/cursor.ts'
import type { DecodeSettings } from '../wire/messages.ts'
import type { CaptureSession, CaptureSink } from './items.ts'
import { addressText } from './mrt-address.ts'
import { RecordError } from './mrt-error.ts'
import { FamilyBit, familiesIn } from './update-families.ts'

/** What a subtype says about its record. */
interface Subtype {
  readonly state: boolean
  readonly as4: boolean
  /** The collector itself had sent the message. */
  readonly local: boolean
  readonly addPath: boolean
}

function subtype(flags: Partial<Subtype>): Subtype {
  return { state: false, as4: false, local: false, addPath: false, ...flags }
}

/** By number; the deprecated ENTRY (2) and SNAPSHOT (3) are left out. */
const subtypes: Readonly<Record<number, Subtype>> = {
  0: subtype({ state: true }),
  1: subtype({}),
  4: subtype({ as4: true }),
  5: subtype({ state: true, as4: true }),
  6: subtype({ local: true }),
  7: subtype({ as4: true, local: true }),
  8: subtype({ addPath: true }),
  9: subtype({ as4: true, addPath: true }),
  10: subtype({ local: true, addPath: true }),
  11: subtype({ as4: true, local: true, addPath: true }),
}

/** Sessions of one file that are told apart; beyond it, numbering begins anew. */
const MAX_SESSIONS = 65_536

/** Nothing is known yet: no path identifiers, until a record says so. */
function settingsOf(kind: Subtype, external: boolean): DecodeSettings {
  return {
    as4: kind.as4,
    external,
    addPathIpv4: false,
    addPathIpv6: false,
    extendedNextHop: true,
  }
}

/**
 * Takes over what a record says of its message. RFC 8050 §3: all NLRI of the message carry path
 * identifiers, or none; so the families that it speaks of are known to carry them or not.
 * @param families bits of FamilyBit
 */
function learn(session: CaptureSession, kind: Subtype, families: number): void {
  const { settings } = session
  const carries = (bit: number, before: boolean) => (families & bit ? kind.addPath : before)
  const addPathIpv4 = carries(FamilyBit.ipv4, settings.addPathIpv4)
  const addPathIpv6 = carries(FamilyBit.ipv6, settings.addPathIpv6)
  const same =
    settings.as4 === kind.as4 &&
    settings.addPathIpv4 === addPathIpv4 &&
    settings.addPathIpv6 === addPathIpv6
  if (!same) session.settings = { ...settings, as4: kind.as4, addPathIpv4, addPathIpv6 }
}

/**
 * @returns reads the record of that subtype between `start` and `end`; false: not of a kind that is
 *   read; throws RecordError or OverrunError when its content does not fit
 */
export function bgp4mpReader(sink: CaptureSink) {
  const sessions = new Map<string, CaptureSession>()
  let lastId = 0

  function find(
    peer: string,
    peerAs: number,
    own: string,
    ownAs: number,
    kind: Subtype,
  ): CaptureSession {
    const key = `${peer} ${peerAs} ${own} ${ownAs} ${kind.local}`
    let session = sessions.get(key)
    if (session === undefined) {
      if (sessions.size >= MAX_SESSIONS) sessions.clear()
      const remote = { address: peer, port: null, asn: peerAs }
      // Quagga and BIRD write zeros where they do not know their own address.
      const ownAddress = own === '0.0.0.0' || own === '::' ? null : own
      const local = { address: ownAddress, port: null, asn: ownAs }
      session = {
        id: ++lastId,
        source: kind.local ? local : remote,
        destination: kind.local ? remote : local,
        settings: settingsOf(kind, peerAs !== ownAs),
        as4From: 'mrt',
        extendedMessages: true,
      }
      sessions.set(key, session)
    }
    return session
  }

  return (time: number, number: number, view: DataView, start: number, end: number): boolean => {
    const kind = subtypes[number]
    if (kind === undefined) return false
    const cursor = new Cursor(view, start, end)
    const peerAs = kind.as4 ? cursor.u32() : cursor.u16()
    const ownAs = kind.as4 ? cursor.u32() : cursor.u16()
    // The interface index says nothing here.
    cursor.skip(2)
    const afi = cursor.u16()
    const peer = addressText(cursor, afi)
    const own = addressText(cursor, afi)
    const session = find(peer, peerAs, own, ownAs, kind)
    if (kind.state) {
      sink({ kind: 'state', time, session, from: cursor.u16(), to: cursor.u16() })
      return true
    }
    const at = cursor.offset
    const octets = end - at
    if (octets < HEADER_LENGTH || octets > MAX_EXTENDED_MESSAGE_LENGTH) {
      throw new RecordError(`a BGP message of ${octets} octets`)
    }
    for (let i = 0; i < 16; i++) {
      if (view.getUint8(at + i) !== 0xff) throw new RecordError('no BGP marker')
    }
    const length = view.getUint16(at + 16)
    if (length !== octets) {
      throw new RecordError(`the BGP message says ${length} octets, the record holds ${octets}`)
    }
    const type = view.getUint8(at + 18)
    if (type === MessageType.update) learn(session, kind, familiesIn(view, at, end))
    sink({ kind: 'message', time, session, type, view, start: at, end })
    return true
  }
}
