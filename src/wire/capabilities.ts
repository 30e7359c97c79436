/**
 * Capabilities (RFC 5492) as values. A capability that is malformed is treated as one that is not
 * understood: it is ignored and stays in `unknown`, so that an operator can see it. No RFC asks to
 * refuse the session for it, and what it would have switched on stays off.
 */
import { CapabilityCode, ErrorCode, OpenSubcode } from './codes.ts'
import { Cursor, OverrunError } from './cursor.ts'
import { EncodeError, protocolError } from './errors.ts'
import type { Capabilities, Capability } from './messages.ts'
import { octets } from './octets.ts'
import { decodeDisplayText } from './text.ts'

type Draft = { -readonly [K in keyof Capabilities]: Capabilities[K] } & {
  multiprotocol: Capabilities['multiprotocol'][number][]
  addPath: Capabilities['addPath'][number][]
  extendedNextHop: Capabilities['extendedNextHop'][number][]
  unknown: Capability[]
}

/** Adds to `draft` what a capability's value says; false when the value is malformed. */
type Reader = (value: Cursor, draft: Draft) => boolean

/** RFC 4760 §8. The reserved octet is ignored. */
function readMultiprotocol(value: Cursor, draft: Draft): boolean {
  if (value.remaining !== 4) return false
  const afi = value.u16()
  value.skip(1)
  const safi = value.u8()
  if (!draft.multiprotocol.some((f) => f[0] === afi && f[1] === safi)) {
    draft.multiprotocol.push([afi, safi])
  }
  return true
}

/** RFC 8950 §4; the SAFI takes two octets here. */
function readExtendedNextHop(value: Cursor, draft: Draft): boolean {
  if (value.remaining === 0 || value.remaining % 6 !== 0) return false
  while (value.remaining > 0) {
    const entry = { afi: value.u16(), safi: value.u16(), nextHopAfi: value.u16() }
    const known = draft.extendedNextHop.some(
      (e) => e.afi === entry.afi && e.safi === entry.safi && e.nextHopAfi === entry.nextHopAfi,
    )
    if (!known) draft.extendedNextHop.push(entry)
  }
  return true
}

/** RFC 9234 §4.1. Of several the first is kept; `checkRoles` finds the contradiction. */
function readRole(value: Cursor, draft: Draft): boolean {
  if (value.remaining !== 1) return false
  draft.role ??= value.u8()
  return true
}

/** RFC 4724 §3: of several instances only the last counts. RFC 8538 §2 defines the N bit. */
function readGracefulRestart(value: Cursor, draft: Draft): boolean {
  if (value.remaining < 2 || (value.remaining - 2) % 4 !== 0) return false
  const head = value.u16()
  const families = []
  while (value.remaining > 0) {
    const afi = value.u16()
    const safi = value.u8()
    families.push({ afi, safi, forwardingPreserved: (value.u8() & 0x80) !== 0 })
  }
  draft.gracefulRestart = {
    restartState: (head & 0x8000) !== 0,
    notification: (head & 0x4000) !== 0,
    restartTime: head & 0xfff,
    families,
  }
  return true
}

/** RFC 6793 §3. */
function readFourOctetAs(value: Cursor, draft: Draft): boolean {
  if (value.remaining !== 4) return false
  draft.fourOctetAs = value.u32()
  return true
}

/**
 * RFC 7911 §4: a Send/Receive other than 1 to 3 makes the capability as a whole not understood.
 * Several instances are put together, as peers do send one for each family.
 */
function readAddPath(value: Cursor, draft: Draft): boolean {
  if (value.remaining === 0 || value.remaining % 4 !== 0) return false
  const entries: Draft['addPath'] = []
  while (value.remaining > 0) {
    const entry = { afi: value.u16(), safi: value.u8(), sendReceive: value.u8() }
    if (entry.sendReceive < 1 || entry.sendReceive > 3) return false
    entries.push(entry)
  }
  for (const entry of entries) {
    const at = draft.addPath.findIndex((e) => e.afi === entry.afi && e.safi === entry.safi)
    if (at < 0) draft.addPath.push(entry)
    else draft.addPath[at] = entry
  }
  return true
}

/** draft-walton-bgp-hostname-capability §3: two texts, each behind its length. */
function readFqdn(value: Cursor, draft: Draft): boolean {
  const hostname = decodeDisplayText(value.copy(value.u8()))
  const domain = decodeDisplayText(value.copy(value.u8()))
  if (hostname === undefined || domain === undefined || value.remaining > 0) return false
  draft.fqdn = { hostname, domain }
  return true
}

/** A capability that says all by being there (its length is 0). */
function flag(name: 'routeRefresh' | 'enhancedRouteRefresh' | 'extendedMessage'): Reader {
  return (value, draft) => {
    if (value.remaining > 0) return false
    draft[name] = true
    return true
  }
}

const readers: Partial<Record<number, Reader>> = {
  [CapabilityCode.multiprotocol]: readMultiprotocol,
  [CapabilityCode.routeRefresh]: flag('routeRefresh'),
  [CapabilityCode.extendedNextHop]: readExtendedNextHop,
  [CapabilityCode.extendedMessage]: flag('extendedMessage'),
  [CapabilityCode.role]: readRole,
  [CapabilityCode.gracefulRestart]: readGracefulRestart,
  [CapabilityCode.fourOctetAs]: readFourOctetAs,
  [CapabilityCode.addPath]: readAddPath,
  [CapabilityCode.enhancedRouteRefresh]: flag('enhancedRouteRefresh'),
  [CapabilityCode.fqdn]: readFqdn,
}

/** Whether `value` could be read to its end as `reader` wants it. */
function understood(reader: Reader, value: Uint8Array, draft: Draft): boolean {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  try {
    return reader(new Cursor(view), draft)
  } catch (error) {
    if (error instanceof OverrunError) return false
    throw error
  }
}

/**
 * Says a capability list as values. Lists of families are put together from all instances
 * (RFC 5492 §4); of other capabilities the last well-formed instance counts, of role the first.
 * @param list as in OpenMessage, in wire order
 * @returns what is malformed or not known to the daemon stands in `unknown`, in wire order
 */
export function decodeCapabilities(list: readonly Capability[]): Capabilities {
  const draft: Draft = {
    multiprotocol: [],
    routeRefresh: false,
    enhancedRouteRefresh: false,
    extendedMessage: false,
    addPath: [],
    extendedNextHop: [],
    unknown: [],
  }
  for (const capability of list) {
    const reader = readers[capability.code]
    if (reader === undefined || !understood(reader, capability.value, draft)) {
      draft.unknown.push(capability)
    }
  }
  return draft
}

function capability(code: number, ...parts: readonly (readonly number[])[]): Capability {
  const value = Uint8Array.from(parts.flat())
  if (value.length > 255) throw new EncodeError(`length of capability ${code}`, value.length, 255)
  return { code, value }
}

function encodeGracefulRestart(g: NonNullable<Capabilities['gracefulRestart']>): Capability {
  if (g.restartTime > 0xfff) throw new EncodeError('restart time', g.restartTime, 0xfff)
  const bits = (g.restartState ? 0x8000 : 0) | (g.notification ? 0x4000 : 0)
  return capability(
    CapabilityCode.gracefulRestart,
    octets('restart time', bits | g.restartTime, 2),
    ...g.families.map((f) => [
      ...octets('AFI', f.afi, 2),
      ...octets('SAFI', f.safi, 1),
      f.forwardingPreserved ? 0x80 : 0,
    ]),
  )
}

function encodeText(field: string, text: string): number[] {
  const bytes = new TextEncoder().encode(text)
  return [...octets(`length of ${field}`, bytes.length, 1), ...bytes]
}

/**
 * Makes the capability list for an OPEN, in ascending order of code; `unknown` comes last.
 * @param c what is absent is not announced
 * @throws EncodeError when a value does not fit its field
 */
export function encodeCapabilities(c: Partial<Capabilities>): Capability[] {
  const list: Capability[] = (c.multiprotocol ?? []).map(([afi, safi]) =>
    capability(CapabilityCode.multiprotocol, octets('AFI', afi, 2), [0], octets('SAFI', safi, 1)),
  )
  if (c.routeRefresh) list.push(capability(CapabilityCode.routeRefresh))
  if (c.extendedNextHop?.length) {
    const entries = c.extendedNextHop.map((e) => [
      ...octets('AFI', e.afi, 2),
      ...octets('SAFI', e.safi, 2),
      ...octets('next hop AFI', e.nextHopAfi, 2),
    ])
    list.push(capability(CapabilityCode.extendedNextHop, ...entries))
  }
  if (c.extendedMessage) list.push(capability(CapabilityCode.extendedMessage))
  if (c.role !== undefined) list.push(capability(CapabilityCode.role, octets('role', c.role, 1)))
  if (c.gracefulRestart) list.push(encodeGracefulRestart(c.gracefulRestart))
  if (c.fourOctetAs !== undefined) {
    list.push(capability(CapabilityCode.fourOctetAs, octets('AS number', c.fourOctetAs, 4)))
  }
  if (c.addPath?.length) {
    const entries = c.addPath.map((e) => [
      ...octets('AFI', e.afi, 2),
      ...octets('SAFI', e.safi, 1),
      ...octets('Send/Receive', e.sendReceive, 1),
    ])
    list.push(capability(CapabilityCode.addPath, ...entries))
  }
  if (c.enhancedRouteRefresh) list.push(capability(CapabilityCode.enhancedRouteRefresh))
  if (c.fqdn) {
    const hostname = encodeText('host name', c.fqdn.hostname)
    list.push(capability(CapabilityCode.fqdn, hostname, encodeText('domain', c.fqdn.domain)))
  }
  return [...list, ...(c.unknown ?? [])]
}

/** RFC 7911 §4, Send/Receive; both together are 3. */
export const AddPathMode = { receive: 1, send: 2 } as const

/** RFC 9234 §4.1, by value. */
export const roleNames = ['provider', 'rs-server', 'rs-client', 'customer', 'peer'] as const
export type RoleName = (typeof roleNames)[number]

/** RFC 9234 §4.2: the role that the other side must have. */
const counterpart: readonly number[] = [3, 2, 1, 0, 4]

function nameOfRole(role: number): string {
  return roleNames[role] ?? `role ${role}`
}

/**
 * Checks the peer's role against ours; only for an external session with a configured role.
 * @param list the peer's capabilities as in OpenMessage
 * @param localRole 0 to 4, as we announced it
 * @param strict refuse a peer that announces no role
 * @throws ProtocolError 2/11 (RFC 9234 §4.2)
 */
export function checkRoles(list: readonly Capability[], localRole: number, strict: boolean): void {
  const mismatch = (message: string) =>
    protocolError(ErrorCode.openMessage, OpenSubcode.roleMismatch, message)
  const roles = new Set<number>()
  for (const { code, value } of list) {
    if (code === CapabilityCode.role && value.length === 1) roles.add(value[0] ?? 0)
  }
  const [role, ...others] = roles
  if (role === undefined) {
    if (strict) throw mismatch('the peer announced no BGP role, and one is required')
    return
  }
  if (others.length > 0) {
    throw mismatch(`the peer announced several BGP roles: ${[...roles].map(nameOfRole).join(', ')}`)
  }
  if (counterpart[localRole] !== role) {
    throw mismatch(
      `BGP roles do not fit: ours is ${nameOfRole(localRole)}, the peer's ${nameOfRole(role)}`,
    )
  }
}
