/** UPDATE through the hot decoder and through the value decoder, which must not contradict each other. */
import type { Family, Prefix } from '../../src/prefix/prefix.ts'
import { formatPrefix } from '../../src/prefix/text.ts'
import { type AsPathSegment, asPathLength, mergeAs4Path, originAs } from '../../src/wire/as-path.ts'
import { PathFact } from '../../src/wire/as-path-facts.ts'
import { describeAttributes } from '../../src/wire/attribute-text.ts'
import {
  decodeAttributes,
  findValue,
  type PathAttribute,
  pathAttribute,
} from '../../src/wire/attribute-values.ts'
import { AS_TRANS, MAX_EXTENDED_MESSAGE_LENGTH } from '../../src/wire/codes.ts'
import { DecodeError, ProtocolError } from '../../src/wire/errors.ts'
import { Handling } from '../../src/wire/handling.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import type { Route } from '../../src/wire/nlri.ts'
import { type RouteSink, UpdateDecoder } from '../../src/wire/update.ts'
import {
  decodeUpdateValues,
  encodeUpdate,
  type UpdateValues,
} from '../../src/wire/update-values.ts'
import { viewOf } from '../support/vectors.ts'
import { buildUpdate, mendLength } from './build.ts'
import { mutate, pick } from './mutate.ts'
import { updates } from './seeds.ts'
import { randomSettings } from './settings.ts'
import { demand, demandEqual, expectOnly, target } from './target.ts'

interface UpdateInput {
  readonly octets: Uint8Array
  readonly settings: DecodeSettings
}

/** What the hot decoder told of one family's announcements. */
interface ToldSet {
  readonly family: Family
  readonly stored: PathAttribute[]
  readonly bits: number
  readonly length: number
  readonly origin: number
}

const line = (prefix: Readonly<Prefix>, pathId: number) => `${formatPrefix(prefix)} #${pathId}`

/** Writes down everything that a decoder tells. */
export function recorder() {
  const told = {
    announced: [] as string[],
    withdrawn: [] as string[],
    malformed: [] as string[],
    ends: [] as Family[],
    sets: [] as ToldSet[],
  }
  const sink: RouteSink = {
    attributes(family, walk, { view, start, end }) {
      const { bits, length, originAs: origin } = walk.path
      const stored = decodeAttributes(view, start, end, true)
      told.sets.push({ family, stored, bits, length, origin: origin >>> 0 })
    },
    announce: (prefix, pathId) => told.announced.push(line(prefix, pathId)),
    withdraw: (prefix, pathId) => told.withdrawn.push(line(prefix, pathId)),
    malformed: (prefix, pathId, problem) => {
      demand(problem !== null && problem.message !== '', 'malformed for no reason')
      told.malformed.push(line(prefix, pathId))
    },
    endOfRib: (family) => told.ends.push(family),
  }
  return { told, sink }
}

const lines = (routes: readonly Route[]) =>
  routes.map(({ prefix, pathId = 0 }) => line(prefix, pathId))

/** Every field and attribute survives; a message that grew cannot have been whole. */
function checkRoundTrip(values: UpdateValues, settings: DecodeSettings): void {
  const wide = { ...settings, maxMessageLength: MAX_EXTENDED_MESSAGE_LENGTH }
  const octets = encodeUpdate(values, wide)
  const again = decodeUpdateValues(viewOf(octets), 0, octets.length, wide)
  demandEqual(again, values, 'UPDATE is another after a round trip')
}

/** Without AS4 attributes of wrong flags, which are discarded (RFC 6793 §6). */
function withUsableAs4(attributes: readonly PathAttribute[]): readonly PathAttribute[] {
  return attributes.filter(({ code, flags }) => !/^1[78]$/.test(`${code}`) || flags >> 6 === 3)
}

/** The AS path that counts on a session (RFC 6793 §4.2.3). */
function countingPath(
  attributes: readonly PathAttribute[],
  as4: boolean,
): readonly AsPathSegment[] | undefined {
  const path = findValue(attributes, 'asPath')?.segments
  const newPath = findValue(attributes, 'as4Path')?.segments
  if (as4 || path === undefined || newPath === undefined) return path
  // RFC 7607 §2: AS4_PATH with AS 0 is malformed, and discarded.
  if (newPath.some(({ asns }) => asns.includes(0))) return path
  const as2 = findValue(attributes, 'aggregator')?.asn ?? 0
  const settled = findValue(attributes, 'as4Aggregator')?.asn && as2 !== 0 && as2 !== AS_TRANS
  return settled ? path : mergeAs4Path(path, newPath)
}

/** Attributes that are kept for the routes of one family, said independently of the hot decoder. */
function keptAttributes(
  attributes: readonly PathAttribute[],
  { as4, external }: DecodeSettings,
  multiprotocol: boolean,
): PathAttribute[] {
  const seen = new Set<number>()
  return attributes.flatMap((attribute): PathAttribute[] => {
    const { code, flags, value } = attribute
    if (seen.has(code)) return []
    seen.add(code)
    if (external && [5, 9, 10].includes(code)) return []
    if (value.kind === 'atomicAggregate' && (flags & 0xc0) !== 0x40) return []
    switch (value.kind) {
      case 'mpUnreachNlri':
      case 'mpUnreachOther':
      case 'mpReachOther':
      case 'as4Path':
      case 'as4Aggregator':
        return []
      case 'nextHop':
        return multiprotocol ? [] : [attribute]
      case 'mpReachNlri':
        return multiprotocol ? [pathAttribute({ ...value, routes: [] })] : []
      case 'aggregator': {
        if (value.asn === 0) return []
        const as4Value = as4 ? undefined : findValue(attributes, 'as4Aggregator')
        const counts = as4Value && as4Value.asn !== 0 && value.asn === AS_TRANS
        return [{ ...attribute, value: counts ? { ...as4Value, kind: 'aggregator' } : value }]
      }
      case 'asPath': {
        const segments = countingPath(attributes, as4) ?? value.segments
        return [{ ...attribute, value: { kind: 'asPath', segments } }]
      }
      default:
        return [attribute]
    }
  })
}

/** Sequences of more than 255 come apart on the wire; empty segments do not exist. */
function plain(attributes: readonly PathAttribute[]) {
  return attributes.map(({ code, flags, value }) => ({ code, flags: flags & 0xc0, value }))
}

function checkSet(set: ToldSet, values: UpdateValues, settings: DecodeSettings, mp: boolean): void {
  const expected = keptAttributes(withUsableAs4(values.attributes), settings, mp)
  demandEqual(plain(set.stored), plain(expected), 'the stored attributes are not those received')
  describeAttributes(set.stored)
  const segments = findValue(set.stored, 'asPath')?.segments ?? []
  const all = segments.flatMap(({ asns }) => asns)
  demand(!all.includes(0), 'AS 0 in the AS_PATH of an announcement (RFC 7607 §2)')
  demand(set.length === asPathLength(segments), 'the path has another length')
  demand(set.origin === (originAs(segments) ?? 0), 'the path has another origin')
  const sets = segments.some(({ type }) => type === 1)
  demand(((set.bits & PathFact.asSet) !== 0) === sets, 'AS_SET said wrongly')
  const trans = all.includes(AS_TRANS)
  demand(((set.bits & PathFact.asTrans) !== 0) === trans, 'AS_TRANS said wrongly')
}

function checkAgreement(
  told: ReturnType<typeof recorder>['told'],
  values: UpdateValues,
  handling: Handling,
  settings: DecodeSettings,
): void {
  const reach = findValue(values.attributes, 'mpReachNlri')
  const unreach = findValue(values.attributes, 'mpUnreachNlri')
  const announced = [...lines(values.nlri), ...lines(reach?.routes ?? [])]
  const withdrawn = [...lines(values.withdrawn), ...lines(unreach?.routes ?? [])]
  const accepted = handling !== Handling.treatAsWithdraw
  demandEqual(told.announced, accepted ? announced : [], 'the decoders differ in announcements')
  demandEqual(told.malformed, accepted ? [] : announced, 'the decoders differ in malformed routes')
  demandEqual(told.withdrawn, withdrawn, 'the decoders differ in withdrawals')
  let next = 0
  if (accepted && values.nlri.length > 0) {
    checkSet(told.sets[next++] as ToldSet, values, settings, false)
  }
  if (accepted && reach && reach.routes.length > 0) {
    checkSet(told.sets[next++] as ToldSet, values, settings, true)
  }
  demand(told.sets.length === next, 'attributes were told for nothing')
}

const decoder = new UpdateDecoder()

/** Whether the frame reader would let the message pass. */
function isFramed(octets: Uint8Array): boolean {
  if (octets.length < 23 || octets[18] !== 2) return false
  return viewOf(octets).getUint16(16) === octets.length
}

export const updateTarget = target<UpdateInput>({
  name: 'update',
  generate(random) {
    const settings = randomSettings(random)
    const built = random.chance(0.7)
    const whole = built ? buildUpdate(random, settings) : pick(random, updates)
    const changed = built && random.chance(0.7) ? whole : mutate(whole, random, updates)
    return { octets: random.chance(0.95) ? mendLength(changed) : changed, settings }
  },
  check({ octets, settings }) {
    // The message does not begin where its chunk does, and other octets follow it.
    const chunk = new Uint8Array(octets.length + 12).fill(0xa5)
    chunk.set(octets, 5)
    const { told, sink } = recorder()
    const handling = isFramed(octets)
      ? expectOnly([ProtocolError], () =>
          decoder.decode(viewOf(chunk), 5, 5 + octets.length, settings, sink),
        )
      : undefined
    if (handling === undefined) {
      const nothing = Object.values(told).every((list) => list.length === 0)
      demand(nothing, 'a refused UPDATE left something half done')
    }
    const values = expectOnly([ProtocolError, DecodeError, TypeError], () =>
      decodeUpdateValues(viewOf(octets), 0, octets.length, settings),
    )
    if (values === undefined) return
    checkRoundTrip(values, settings)
    if (handling !== undefined) checkAgreement(told, values, handling, settings)
  },
})
