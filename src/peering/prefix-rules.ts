/** Which prefixes can be registered, and what stands in the way of one. */
import type { Registration } from '../engine/types.ts'
import { coversPrefix, equalPrefix, Family, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, PrefixError, parsePrefix } from '../prefix/text.ts'
import { maySee, otherWords } from './access.ts'
import { type Principal, RefusedError, type RuleContext } from './kind.ts'
import type { Live } from './live.ts'
import { createPrefixIndex, type PrefixIndex } from './prefix-index.ts'
import { specialBlockOf } from './special-purpose.ts'

/** No registry assigns anything wider. */
const SHORTEST = { [Family.ipv4]: 8, [Family.ipv6]: 16 } as const

const place = 'prefix'

/**
 * Reads a prefix and judges it by itself.
 * @param at place of the prefix in what was sent
 * @throws RefusedError with the reason invalid-prefix or private-prefix
 */
export function demandRegistrable(text: string, live: Live, at = place): Prefix {
  const prefix = readPrefix(text, at)
  const shortest = SHORTEST[prefix.family]
  if (prefix.length < shortest) {
    const message = `${formatPrefix(prefix)} is wider than anything a registry assigns, expected a length of at least ${shortest}.`
    throw new RefusedError('invalid', message, { place: at, reason: 'invalid-prefix' })
  }
  const block = specialBlockOf(prefix)
  const { allowSpecialPurpose } = live.settings
  if (block === undefined || allowSpecialPurpose.some((each) => coversPrefix(each, prefix))) {
    return prefix
  }
  const message = `${formatPrefix(prefix)} lies in ${formatPrefix(block.prefix)}, ${block.name} (${block.source}), which belongs to nobody; register a public prefix.`
  throw new RefusedError('invalid', message, { place: at, reason: 'private-prefix' })
}

function readPrefix(text: string, at: string): Prefix {
  try {
    return parsePrefix(text)
  } catch (error) {
    if (!(error instanceof PrefixError)) throw error
    throw new RefusedError('invalid', error.message, { place: at, reason: 'invalid-prefix' })
  }
}

interface Claim {
  readonly id: string
  /** Resources of one party may overlap. */
  readonly party: string
}

function refuseConflict(
  prefix: Prefix,
  other: { readonly prefix: string; readonly words: string; readonly equal: boolean },
  known: { conflictsWith?: string },
): never {
  const text = formatPrefix(prefix)
  if (other.equal) {
    const message = `${text} is registered already, as ${other.words}; a prefix is registered once.`
    throw new RefusedError('conflict', message, { place, reason: 'duplicate-prefix', ...known })
  }
  const message = `${text} overlaps ${other.prefix}, ${other.words}; register only what is yours, or ask the other to give it up.`
  throw new RefusedError('conflict', message, { place, reason: 'overlapping-prefix', ...known })
}

/**
 * Judges a prefix against those that are registered, here and in the configuration file.
 * @param kind whose prefixes it is compared with
 * @param partyOf whose a registered prefix is
 * @throws RefusedError with the reason duplicate-prefix or overlapping-prefix
 */
export function demandUnclaimed(
  prefix: Prefix,
  claim: Claim,
  kind: string,
  context: RuleContext,
  partyOf: (resource: { readonly owner: string | null; readonly parent: string | null }) => string,
): void {
  const { directory, principal, live } = context
  const met = directory.meeting(kind, prefix).map((other) => {
    const found = parsePrefix(String(other.spec['prefix']))
    return { other, found, equal: equalPrefix(found, prefix) }
  })
  // That it is registered already says more than that it overlaps.
  met.sort((a, b) => Number(b.equal) - Number(a.equal))
  for (const { other, found, equal } of met) {
    if (other.id === claim.id || (!equal && partyOf(other) === claim.party)) continue
    const { words, known } = otherWords(principal, other, 'registered prefix')
    const seen = maySee(principal, other.owner) ? formatPrefix(found) : 'another prefix'
    refuseConflict(prefix, { prefix: seen, words, equal }, known)
  }
  demandUndeclared(prefix, claim.party, live, principal)
}

/** Prefixes of the configuration file, by the list that a reload makes anew. */
const indexes = new WeakMap<readonly Registration[], PrefixIndex>()

function indexOf(declared: readonly Registration[]): PrefixIndex {
  let index = indexes.get(declared)
  if (index === undefined) {
    index = createPrefixIndex()
    declared.forEach(({ prefix }, number) => {
      index?.add(prefix, String(number))
    })
    indexes.set(declared, index)
  }
  return index
}

function demandUndeclared(prefix: Prefix, party: string, live: Live, principal: Principal): void {
  const declared = live.declaredPrefixes()
  if (declared.length === 0) return
  for (const number of indexOf(declared).meeting(prefix)) {
    const other = declared[Number(number)]
    if (other === undefined) continue
    const equal = equalPrefix(other.prefix, prefix)
    if (!equal && other.owner === party) continue
    const seen = maySee(principal, other.owner ?? null)
    refuseConflict(
      prefix,
      {
        prefix: seen ? formatPrefix(other.prefix) : 'another prefix',
        words: seen
          ? `"${other.name}" of the configuration file`
          : 'a registered prefix of somebody else',
        equal,
      },
      {},
    )
  }
}
