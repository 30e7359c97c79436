/** What-if: judges an announcement that nobody made, by the same rules as a real one. */
import { equalPrefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { NONE, type RadixTrie } from '../prefix/trie.ts'
import { type AsPathSegment, encodeAsPath, formatAsPath } from '../wire/as-path.ts'
import { type PathFacts, readPathFacts } from '../wire/as-path-facts.ts'
import { SegmentType } from '../wire/codes.ts'
import { formatCommunity, formatLargeCommunity, parseCommunity } from '../wire/community-text.ts'
import { type CompiledPolicy, judgeAttributes, reasonBit, reasonsOf } from './policy.ts'
import type { RouteFacts } from './route-facts.ts'
import { describeOverlap, describeRouteFinding } from './sentences.ts'
import type { EngineState, Registered } from './state.ts'
import type { ExplainRequest, Explanation, FindingReason, RouteClass } from './types.ts'

type ExplainedFinding = Explanation['findings'][number]

/** Runs of AS numbers as AS_SEQUENCE, nested lists as AS_SET. */
function toSegments(path: ExplainRequest['asPath']): AsPathSegment[] {
  const segments: { type: AsPathSegment['type']; asns: number[] }[] = []
  for (const hop of path) {
    const last = segments.at(-1)
    if (typeof hop !== 'number') segments.push({ type: SegmentType.asSet, asns: [...hop] })
    else if (last?.type === SegmentType.asSequence) last.asns.push(hop)
    else segments.push({ type: SegmentType.asSequence, asns: [hop] })
  }
  return segments
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
}

/** The communities as they would stand in an UPDATE. @throws CommunityError */
function encodeCommunities(texts: readonly string[]) {
  const parsed = texts.map(parseCommunity)
  const standard = parsed.flatMap((c) => (c.kind === 'standard' ? [c.value] : []))
  const large = parsed.flatMap((c) => (c.kind === 'large' ? [...c.words] : []))
  const view = new DataView(new ArrayBuffer((standard.length + large.length) * 4))
  for (const [i, word] of [...standard, ...large].entries()) view.setUint32(i * 4, word)
  return {
    view,
    standard: { start: 0, end: standard.length * 4 },
    large: { start: standard.length * 4, end: view.byteLength },
    texts: parsed.map((c) =>
      c.kind === 'standard' ? formatCommunity(c.value) : formatLargeCommunity(c.words),
    ),
  }
}

/** The announcement as the rules and sentences see it. */
function imagine(request: ExplainRequest) {
  const segments = toSegments(request.asPath)
  const octets = viewOf(encodeAsPath(segments, true))
  const path: PathFacts = {
    bits: 0,
    length: 0,
    firstAs: 0,
    originAs: 0,
    sought: 0,
    found: false,
  }
  readPathFacts(octets, 0, octets.byteLength, path)
  const communities = encodeCommunities(request.communities)
  const facts: RouteFacts = {
    asPath: formatAsPath(segments),
    asns: segments.flatMap((segment) => segment.asns),
    pathLength: path.length,
    originAsn: path.originAs >>> 0,
    communities: communities.texts,
    nextHop: '',
  }
  const judge = (policy: CompiledPolicy) =>
    judgeAttributes(
      policy,
      path.bits,
      path.length,
      communities.view,
      communities.standard,
      communities.large,
    )
  return { facts, originAs: path.originAs, judge }
}

/** The registrations of exactly this prefix, or of the longest one that covers it. */
function findRegistered(state: EngineState, request: ExplainRequest) {
  const trie = state.tries[request.prefix.family - 1] as RadixTrie
  const exact = trie.find(request.prefix)
  const number = exact !== NONE ? exact : trie.covering
  const named = request.name === undefined ? undefined : state.byName.get(request.name)
  if (named !== undefined && equalPrefix(named.prefix, request.prefix)) {
    return { exact: true, near: true, registered: named }
  }
  return {
    exact: exact !== NONE,
    near: number !== NONE || trie.inside,
    registered: number === NONE ? undefined : state.registered[number],
  }
}

function moreSpecificFinding(
  request: ExplainRequest,
  registered: Registered,
  facts: RouteFacts,
): ExplainedFinding {
  const prefix = formatPrefix(request.prefix)
  const parent = registered.text
  const { originAsns } = registered.registration
  const foreign = originAsns.length > 0 && !originAsns.includes(facts.originAsn)
  return {
    reason: 'overlapping-announcement',
    severity: foreign ? 'error' : 'warning',
    message: `${prefix} is a more-specific of the registered ${parent} (${registered.registration.name}) and is not registered itself.`,
    action: 'Register the more-specific prefix, or stop announcing it.',
    evidence: { otherPrefix: parent, otherName: registered.registration.name },
  }
}

/**
 * Says what an announcement would lead to.
 * @throws CommunityError, EncodeError when the request cannot be put into an UPDATE
 */
export function explainAnnouncement(state: EngineState, request: ExplainRequest): Explanation {
  const { facts, originAs, judge } = imagine(request)
  const { exact, near, registered } = findRegistered(state, request)
  const policy = exact && registered ? registered.policy : state.policy
  let bits = judge(policy)
  const originAsns = exact && registered ? registered.registration.originAsns : []
  if (originAsns.length > 0 && !registered?.origins.includes(originAs)) {
    bits |= reasonBit('origin-mismatch')
  }
  const context = {
    prefix: formatPrefix(request.prefix),
    where: '',
    who: facts.asns[0] === undefined ? 'The announcing network' : `AS${facts.asns[0]}`,
    policy: policy.policy,
    originAsns,
  }
  const findings: ExplainedFinding[] = reasonsOf(bits).map((reason: FindingReason) => ({
    reason,
    severity: (policy.warnings & reasonBit(reason)) !== 0 ? 'warning' : 'error',
    ...describeRouteFinding(reason, facts, context),
  }))
  if (registered && exact && registered.overlaps.length > 0) {
    findings.unshift({
      reason: 'overlapping-prefix',
      severity: 'error',
      ...describeOverlap(registered),
    })
  }
  if (registered && !exact) findings.unshift(moreSpecificFinding(request, registered, facts))
  return {
    prefix: context.prefix,
    class: classOf(exact, near, bits),
    registration: registered
      ? { name: registered.registration.name, prefix: registered.text }
      : null,
    state: stateOf(findings, registered !== undefined),
    findings,
    policy: policy.policy,
  }
}

function classOf(exact: boolean, near: boolean, bits: number): RouteClass {
  if (!exact) return near ? 'overlap' : 'unregistered'
  return bits === 0 ? 'verified' : 'failed'
}

/** Without a registration there is no state, whatever the policy finds. */
function stateOf(findings: readonly ExplainedFinding[], registered: boolean) {
  if (!registered) return 'None'
  if (findings.some((finding) => finding.severity === 'error')) return 'Failed'
  return findings.length > 0 ? 'Warning' : 'Verified'
}
