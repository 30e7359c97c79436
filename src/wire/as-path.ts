/** AS paths as values: on the wire, merged with AS4_PATH, measured, and as text. */
import { AS_TRANS, SegmentType } from './codes.ts'
import type { Cursor } from './cursor.ts'
import { DecodeError, EncodeError } from './errors.ts'
import { octets } from './octets.ts'

type Values<T> = T[keyof T]

/** RFC 4271 §4.3 b, RFC 5065 §3. `asns` is never empty; the neighbour's AS number stands first. */
export interface AsPathSegment {
  readonly type: Values<typeof SegmentType>
  readonly asns: readonly number[]
}

/** Text that is not an AS path or AS number; `message` names the offending token. */
export class AsPathError extends Error {
  override readonly name = 'AsPathError'
}

const MAX_SEGMENT = 255
const MAX_AS2 = 0xffff
const MAX_AS4 = 0xffffffff

function segmentType(octet: number): AsPathSegment['type'] {
  if (octet >= SegmentType.asSet && octet <= SegmentType.confedSet) {
    return octet as AsPathSegment['type']
  }
  throw new DecodeError(`AS path segment type is ${octet}, expected 1 to 4`)
}

/** RFC 5065 §3: AS_CONFED_SEQUENCE or AS_CONFED_SET. */
export function isConfed(segment: AsPathSegment): boolean {
  return segment.type === SegmentType.confedSequence || segment.type === SegmentType.confedSet
}

/**
 * Reads the value of AS_PATH or AS4_PATH, to the cursor's end.
 * @param as4 AS numbers have four octets (always so in AS4_PATH)
 * @throws DecodeError at an unknown segment type or a segment of length 0, OverrunError at a segment
 *   that is longer than what is left (RFC 7606 §7.2)
 */
export function readAsPath(cursor: Cursor, as4: boolean): AsPathSegment[] {
  const segments: AsPathSegment[] = []
  while (cursor.remaining > 0) {
    const type = segmentType(cursor.u8())
    const count = cursor.u8()
    if (count === 0) throw new DecodeError('AS path segment has the length 0')
    const asns: number[] = []
    for (let i = 0; i < count; i++) asns.push(as4 ? cursor.u32() : cursor.u16())
    segments.push({ type, asns })
  }
  return segments
}

/**
 * An AS number in four octets, or in two: AS_TRANS then stands for what does not fit (RFC 6793 §4.2.2).
 * @throws EncodeError beyond 32 bits
 */
export function encodeAsn(asn: number, as4: boolean): number[] {
  const mapped = !as4 && asn > MAX_AS2 && asn <= MAX_AS4 ? AS_TRANS : asn
  return octets('AS number', mapped, as4 ? 4 : 2)
}

/** A segment on the wire; several where a sequence has more AS numbers than its length octet counts. */
function encodeSegment({ type, asns }: AsPathSegment, as4: boolean): number[] {
  const isSet = type === SegmentType.asSet || type === SegmentType.confedSet
  if (isSet && asns.length > MAX_SEGMENT) {
    throw new EncodeError('number of AS numbers in a set', asns.length, MAX_SEGMENT)
  }
  const out: number[] = []
  for (let from = 0; from < asns.length; from += MAX_SEGMENT) {
    const part = asns.slice(from, from + MAX_SEGMENT)
    out.push(type, part.length, ...part.flatMap((asn) => encodeAsn(asn, as4)))
  }
  return out
}

/**
 * The value of AS_PATH or AS4_PATH. A sequence of more than 255 AS numbers becomes several segments;
 * a segment without AS numbers is left out, since it would be malformed.
 * @param as4 four octets an AS number; otherwise two, and AS_TRANS for what does not fit (RFC 6793 §4.2.2)
 * @throws EncodeError for an AS number beyond 32 bits, or a set of more than 255 (split, it would
 *   count as two hops)
 */
export function encodeAsPath(segments: readonly AsPathSegment[], as4: boolean): Uint8Array {
  return Uint8Array.from(segments.flatMap((segment) => encodeSegment(segment, as4)))
}

/** How many hops a segment counts for: a sequence each AS number, a set 1, confederations none. */
function segmentLength(segment: AsPathSegment): number {
  if (segment.type === SegmentType.asSequence) return segment.asns.length
  return segment.type === SegmentType.asSet ? 1 : 0
}

/** Length of a path for route selection (RFC 4271 §9.1.2.2 a, RFC 5065 §5.3). */
export function asPathLength(segments: readonly AsPathSegment[]): number {
  return segments.reduce((sum, segment) => sum + segmentLength(segment), 0)
}

/**
 * The origin AS: the last AS number of a path that ends in an AS_SEQUENCE.
 * @returns undefined for an empty path and for one that ends in a set or a confederation segment
 */
export function originAs(segments: readonly AsPathSegment[]): number | undefined {
  const last = segments.at(-1)
  return last?.type === SegmentType.asSequence ? last.asns.at(-1) : undefined
}

/** The leading part of `segments` that counts for `hops`, with the confederation segments inside it. */
function leadingPart(segments: readonly AsPathSegment[], hops: number): AsPathSegment[] {
  const part: AsPathSegment[] = []
  let left = hops
  for (const segment of segments) {
    const length = segmentLength(segment)
    // A confederation segment reached here leads the path or follows a segment that was taken whole.
    if (length > 0 && left === 0) break
    if (length > left) {
      part.push({ type: segment.type, asns: segment.asns.slice(0, left) })
      break
    }
    part.push(segment)
    left -= length
  }
  return part
}

/**
 * Restores the path that an OLD speaker passed on (RFC 6793 §4.2.3): as many hops of AS_PATH as it
 * is longer than AS4_PATH, then AS4_PATH.
 * @param asPath as received with 2-octet AS numbers
 * @param as4Path its confederation segments are discarded (RFC 6793 §6)
 * @returns `asPath` itself where it is shorter than `as4Path`, which is then ignored
 */
export function mergeAs4Path(
  asPath: readonly AsPathSegment[],
  as4Path: readonly AsPathSegment[],
): readonly AsPathSegment[] {
  const tail = as4Path.filter((segment) => !isConfed(segment))
  const missing = asPathLength(asPath) - asPathLength(tail)
  if (missing < 0) return asPath
  return [...leadingPart(asPath, missing), ...tail]
}

const brackets: Record<AsPathSegment['type'], readonly [open: string, close: string]> = {
  [SegmentType.asSet]: ['{', '}'],
  [SegmentType.asSequence]: ['', ''],
  [SegmentType.confedSequence]: ['(', ')'],
  [SegmentType.confedSet]: ['[', ']'],
}

/** @returns for instance `64501 64502 {64503 64504}`; `(…)` and `[…]` are confederation segments */
export function formatAsPath(segments: readonly AsPathSegment[]): string {
  return segments
    .map(({ type, asns }) => brackets[type][0] + asns.join(' ') + brackets[type][1])
    .join(' ')
}

/**
 * Reads an AS number, plain (`65546`) or asdot (`1.10`, RFC 5396).
 * @throws AsPathError when the text is none, or does not fit 32 bits
 */
export function parseAsNumber(text: string): number {
  const [, high, low] = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(text) ?? []
  const halves = high !== undefined
  const value = halves ? Number(high) * 0x10000 + Number(low) : Number(low)
  if (low === undefined || value > MAX_AS4 || (halves && Number(low) > MAX_AS2)) {
    throw new AsPathError(
      `"${text}" is not an AS number, expected 0 to ${MAX_AS4}, or asdot such as 1.10`,
    )
  }
  return value
}

/** The segment type that a bracket opens. */
function opens(token: string): AsPathSegment['type'] | undefined {
  if (token === '{') return SegmentType.asSet
  if (token === '(') return SegmentType.confedSequence
  return token === '[' ? SegmentType.confedSet : undefined
}

/**
 * Reads what `formatAsPath` writes; commas may stand for blanks, AS numbers may be asdot.
 * @throws AsPathError that names the offending token
 */
export function parseAsPath(text: string): AsPathSegment[] {
  const segments: AsPathSegment[] = []
  let type: AsPathSegment['type'] = SegmentType.asSequence
  let asns: number[] = []
  const close = () => {
    if (asns.length > 0) segments.push({ type, asns })
    asns = []
  }
  for (const token of text.match(/[{}()[\]]|[^\s,{}()[\]]+/g) ?? []) {
    const opened = opens(token)
    if (opened !== undefined && type === SegmentType.asSequence) {
      close()
      type = opened
    } else if (type !== SegmentType.asSequence && token === brackets[type][1]) {
      if (asns.length === 0)
        throw new AsPathError(`"${brackets[type].join('')}" is empty in "${text}"`)
      close()
      type = SegmentType.asSequence
    } else if (/^[{}()[\]]$/.test(token)) {
      throw new AsPathError(`"${token}" is out of place in "${text}"`)
    } else {
      asns.push(parseAsNumber(token))
    }
  }
  if (type !== SegmentType.asSequence) {
    throw new AsPathError(`"${brackets[type][0]}" has no "${brackets[type][1]}" in "${text}"`)
  }
  close()
  return segments
}
