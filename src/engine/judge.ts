/** Judges a stored attribute set for one registered prefix. */
import { isPrivateAsn } from '../wire/as-path-facts.ts'
import { AttributeCode } from '../wire/codes.ts'
import { findAttribute, type StoredWindow } from '../wire/stored-attributes.ts'
import { NO_SET } from './adj-rib-in.ts'
import { type CompiledPolicy, judgeAttributes, reasonBit } from './policy.ts'
import { type EngineSession, type EngineState, type Registered, tableOf } from './state.ts'

const ORIGIN_MISMATCH = reasonBit('origin-mismatch')

/**
 * Makes a window on nothing, to be pointed at a set. Its keys are in this order because the segments of
 * AttributeSets begin with their `view`: V8 describes what objects begin with alike in one place, and the
 * first change of a window's view would make it compile anew whatever reads a segment's.
 */
export function createWindow(): StoredWindow {
  return { start: 0, end: 0, view: new DataView(new ArrayBuffer(0)) }
}

const set = createWindow()
const absent = { start: 0, end: 0 }

/** @returns finding bits of a set under a policy that is not the engine's */
export function judgeStored(state: EngineState, number: number, policy: CompiledPolicy): number {
  state.sets.locate(number, set)
  return judgeAttributes(
    policy,
    state.sets.pathFacts(number),
    state.sets.pathLength(number),
    set.view,
    windowOf(AttributeCode.communities),
    windowOf(AttributeCode.largeCommunities),
  )
}

/** The value of an attribute of `set`. */
function windowOf(code: typeof AttributeCode.communities | typeof AttributeCode.largeCommunities) {
  const found = findAttribute(set, code)
  return found === undefined ? absent : { start: found.value, end: found.end }
}

/**
 * The AS that originates a set's routes on a session, signed 32 bits; 0: not known.
 * An empty path means the peer's own AS (RFC 4271 §5.1.2, internal sessions).
 */
export function originOf(state: EngineState, session: EngineSession, number: number): number {
  const origin = state.sets.originAs(number)
  if (origin !== 0 || state.sets.pathLength(number) > 0) return origin
  return session.remoteAsn | 0
}

/** @returns finding bits of a route with this set, for this registered prefix on this session */
export function judgeSet(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  number: number,
): number {
  const bits = state.sets.findings(number)
  return judgeRead(state, registered, number, bits, originOf(state, session, number))
}

/**
 * The same where what is known of the set was read already.
 * @param findings its bits under the engine's policy
 * @param origin its `originOf`
 */
export function judgeRead(
  state: EngineState,
  registered: Registered,
  number: number,
  findings: number,
  origin: number,
): number {
  const { origins, ownPolicy } = registered
  const bits = ownPolicy ? judgeStored(state, number, registered.policy) : findings
  if (origins.length === 0 || origins.includes(origin)) return bits
  if (registered.registration.stripPrivateAsns && hasPublicOrigin(state, number, origins))
    return bits
  return bits | ORIGIN_MISMATCH
}

/** Whether one of the origins is the last AS of the path that is not private. */
function hasPublicOrigin(state: EngineState, number: number, origins: Int32Array): boolean {
  if (!isPrivateAsn(state.sets.originAs(number))) return false
  state.sets.locate(number, set)
  const path = findAttribute(set, AttributeCode.asPath)
  if (path === undefined) return false
  let last = 0
  // Stored paths have AS numbers of 4 octets, and are well-formed.
  for (let at = path.value; at < path.end; ) {
    const segmentEnd = at + 2 + set.view.getUint8(at + 1) * 4
    for (at += 2; at < segmentEnd; at += 4) {
      const asn = set.view.getInt32(at)
      if (!isPrivateAsn(asn)) last = asn
    }
  }
  return origins.includes(last)
}

/** Origins that a sentence names at most. */
const NAMED_ORIGINS = 5

const noOrigins: readonly number[] = []
const onlyOrigin = [0]

/**
 * Origins of unregistered more-specifics that differ from those of the prefix itself: from the
 * registered ones, else from the origins of its own routes on the session.
 * @param own the set of the prefix's only route on the session; NO_SET: not known
 * @returns the first few AS numbers, signed 32 bits; 0: an origin that is not known
 */
export function foreignOrigins(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  own: number,
): readonly number[] {
  const specifics = registered.moreSpecifics?.get(session)
  if (specifics === undefined) return noOrigins
  const origins = ownOrigins(state, registered, session, own)
  if (origins.length === 0) return noOrigins
  let foreign = noOrigins
  specifics.origins.forEach((_, origin) => {
    // Copied, not pushed to: most have one, and thousands of lists with room for more would stay.
    if (foreign.length < NAMED_ORIGINS && !origins.includes(origin)) foreign = [...foreign, origin]
  })
  return foreign
}

/** @returns signed 32 bits each, valid until the next call */
function ownOrigins(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  own: number,
): Int32Array | readonly number[] {
  if (registered.origins.length > 0) return registered.origins
  if (own !== NO_SET) {
    onlyOrigin[0] = originOf(state, session, own)
    return onlyOrigin
  }
  const origins: number[] = []
  tableOf(session, registered.prefix.family)?.rib.eachPath(registered.prefix, (set) => {
    origins.push(originOf(state, session, set))
  })
  return origins
}
