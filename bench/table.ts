/**
 * A full table as one router sends it: UPDATEs ready to be sent, End-of-RIB, and beside them what a
 * right answer to them is. The same specification gives the same octets on every machine.
 */
import { createHash } from 'node:crypto'
import { type Attributes, createAttributeSource, type Marks, markAttributes } from './attributes.ts'
import { createRandom, shuffle } from './random.ts'
import { createUpdateWriter } from './table-octets.ts'
import { type BenchPrefix, maskWord, PrefixIndex, type Universe } from './universe.ts'

/** One peer's view of a universe. */
export interface TableSpec {
  /** Other numbers: other attributes, another order. */
  readonly peer: number
  readonly firstAs: number
  /** `full`: as many routes of a group in an UPDATE as there are; `single`: one in each. */
  readonly packing: 'full' | 'single'
  /** Every n-th group only: n disjoint tables out of one. */
  readonly slice?: { readonly index: number; readonly of: number }
  /** Stops after so many routes. */
  readonly limit?: number
}

/** What must come out at the other end. */
export interface TableTruth {
  readonly routes: number
  readonly updates: number
  readonly octets: number
  readonly attributeSets: number
  readonly meanPathLength: number
  readonly meanCommunities: number
  /** Routes whose attributes have the property; `registered`: equal to or inside a registered prefix. */
  readonly marks: Record<
    'community' | 'longPath' | 'privateAsn' | 'prepended' | 'registered',
    number
  >
  /** Routes by the class that the daemon must give them. */
  readonly classes: Record<'verified' | 'failed' | 'overlap' | 'unregistered', number>
  /** Of each registered prefix: `v` verified, `w` warning, `f` failed, in their order. */
  readonly verdicts: string
  /** Numbers of the registered prefixes that the table announces itself. */
  readonly announced: readonly number[]
}

/** Routes that share their attributes: a run of one origin's prefixes. */
interface Groups {
  readonly first: Uint32Array
  readonly size: Uint32Array
  readonly order: Uint32Array
}

/** Slices of one table share what takes longest to make. */
const knownGroups = new WeakMap<Universe, Map<number, Groups>>()
const knownNeighbourhoods = new WeakMap<Universe, ReturnType<typeof createNeighbourhood>>()

function groupsOf(universe: Universe, peer: number): Groups {
  const known = knownGroups.get(universe) ?? new Map<number, Groups>()
  knownGroups.set(universe, known)
  const groups = known.get(peer) ?? drawGroups(universe, peer)
  known.set(peer, groups)
  return groups
}

function neighbourhoodOf(universe: Universe): ReturnType<typeof createNeighbourhood> {
  const known = knownNeighbourhoods.get(universe) ?? createNeighbourhood(universe)
  knownNeighbourhoods.set(universe, known)
  return known
}

function drawGroups(universe: Universe, peer: number): Groups {
  const { routes, origin, seed } = universe
  const random = createRandom(seed, peer, 0x6f)
  const first: number[] = []
  const size: number[] = []
  for (let at = 0; at < routes; ) {
    let end = at + 1
    const wanted = Math.min(250, Math.floor((1 - random.fraction()) ** -1.3))
    while (end < routes && end - at < wanted && origin[end] === origin[at]) end++
    first.push(at)
    size.push(end - at)
    at = end
  }
  const order = Uint32Array.from(first, (_, i) => i)
  shuffle(order, random)
  return { first: Uint32Array.from(first), size: Uint32Array.from(size), order }
}

/** How registered prefixes lie around a route; all by looking up every length. */
function createNeighbourhood({ registeredPrefixes, family }: Universe) {
  const exact = new PrefixIndex()
  const above = new PrefixIndex()
  const shortest = family === 'ipv4' ? 8 : 16
  const lengths = new Set<number>()
  registeredPrefixes.forEach((p, i) => {
    exact.set(p.high, p.low, p.length, i)
    lengths.add(p.length)
    for (let n = shortest; n < p.length; n++) {
      above.set(maskWord(p.high, n), maskWord(p.low, n - 32), n, i)
    }
  })
  return {
    /** Numbers of the registered prefixes that cover a route, itself excluded. */
    covering({ high, low, length }: BenchPrefix): number[] {
      const found: number[] = []
      for (const n of lengths) {
        if (n >= length) continue
        const number = exact.get(maskWord(high, n), maskWord(low, n - 32), n)
        if (number !== undefined) found.push(number)
      }
      return found
    },
    /** Whether the route covers a registered prefix. */
    covers: ({ high, low, length }: BenchPrefix) => above.has(high, low, length),
  }
}

/** Collects what the table says about the registered prefixes. */
function createVerdicts(count: number) {
  /** 0: not announced, 1: right, 2: wrong. */
  const own = new Uint8Array(count)
  const origins = new Map<number, number>()
  const specifics: { registered: number; origin: number }[] = []
  return {
    announced(registered: number, right: boolean, origin: number): void {
      own[registered] = right ? 1 : 2
      origins.set(registered, origin)
    },
    moreSpecific(registered: number, origin: number): void {
      specifics.push({ registered, origin })
    },
    /** Numbers of those announced, ascending. */
    announcedNumbers: () => [...origins.keys()].sort((a, b) => a - b),
    /** Letters as in TableTruth. */
    letters(): string {
      const letters: string[] = Array.from(own, (state) => (state === 1 ? 'v' : 'f'))
      for (const { registered, origin } of specifics) {
        const foreign = own[registered] !== 0 && origins.get(registered) !== origin
        if (foreign) letters[registered] = 'f'
        else if (letters[registered] === 'v') letters[registered] = 'w'
      }
      return letters.join('')
    },
  }
}

/** The AS that originates a route: the last of the path, or 0 where an AS_SET hides it. */
function originOf({ path, set }: Attributes): number {
  return set.length > 0 ? 0 : (path.at(-1) as number)
}

/**
 * Makes a table.
 * @param write takes the octets, piece by piece; a piece is valid only during the call
 */
export function generateTable(
  universe: Universe,
  spec: TableSpec,
  write: (octets: Uint8Array) => void,
): TableTruth {
  const { family, high, low, length, origin, registration } = universe
  const { first, size, order } = groupsOf(universe, spec.peer)
  const slice = spec.slice ?? { index: 0, of: 1 }
  const limit = spec.limit ?? Number.POSITIVE_INFINITY
  const source = createAttributeSource(universe, spec.peer, spec.firstAs)
  const neighbourhood = neighbourhoodOf(universe)
  const verdicts = createVerdicts(universe.registeredPrefixes.length)
  const updates = createUpdateWriter(family, spec.packing, write)
  const marks = { community: 0, longPath: 0, privateAsn: 0, prepended: 0, registered: 0 }
  const classes = { verified: 0, failed: 0, overlap: 0, unregistered: 0 }
  const sets = new Set<string>()
  let routes = 0
  let pathTotal = 0
  let communityTotal = 0

  const count = (at: number, prefix: BenchPrefix, good: boolean, from: number) => {
    const registered = registration[at] as number
    const covering = neighbourhood.covering(prefix)
    if (registered >= 0 || covering.length > 0) marks.registered++
    if (registered >= 0) {
      classes[good ? 'verified' : 'failed']++
      verdicts.announced(registered, good, from)
    } else if (covering.length > 0 || neighbourhood.covers(prefix)) {
      classes.overlap++
      for (const above of covering) verdicts.moreSpecific(above, from)
    } else {
      classes.unregistered++
    }
  }

  for (let turn = slice.index; turn < order.length && routes < limit; turn += slice.of) {
    const group = order[turn] as number
    const start = first[group] as number
    const end = Math.min(start + (size[group] as number), start + limit - routes)
    const prefixes: BenchPrefix[] = []
    let registered = false
    for (let at = start; at < end; at++) {
      registered ||= (registration[at] as number) >= 0
      prefixes.push({
        high: high[at] as number,
        low: low[at] as number,
        length: length[at] as number,
      })
    }
    const attributes = source.draw(group, origin[start] as number, registered)
    const found = markAttributes(attributes)
    const good = found.community && !found.longPath && !found.privateAsn && !found.prepended
    for (const [name, yes] of Object.entries(found) as [keyof Marks, boolean][]) {
      if (yes) marks[name] += prefixes.length
    }
    prefixes.forEach((prefix, i) => {
      count(start + i, prefix, good, originOf(attributes))
    })
    sets.add(createHash('sha1').update(updates.announce(attributes, prefixes)).digest('base64'))
    pathTotal += (attributes.path.length + Math.sign(attributes.set.length)) * prefixes.length
    communityTotal += attributes.communities.length * prefixes.length
    routes += prefixes.length
  }
  updates.endOfRib()
  updates.flush()
  return {
    routes,
    updates: updates.count,
    octets: updates.octets,
    attributeSets: sets.size,
    meanPathLength: pathTotal / routes,
    meanCommunities: communityTotal / routes,
    marks,
    classes,
    verdicts: verdicts.letters(),
    announced: verdicts.announcedNumbers(),
  }
}

/**
 * UPDATEs that withdraw everything a table announces, as full as they go.
 * @returns the number of UPDATEs
 */
export function generateWithdrawals(
  universe: Universe,
  spec: Pick<TableSpec, 'peer'>,
  write: (octets: Uint8Array) => void,
): number {
  const { family, high, low, length } = universe
  const { first, size, order } = groupsOf(universe, spec.peer)
  const updates = createUpdateWriter(family, 'full', write)
  for (const group of order) {
    const start = first[group] as number
    for (let at = start; at < start + (size[group] as number); at++) {
      updates.withdraw({
        high: high[at] as number,
        low: low[at] as number,
        length: length[at] as number,
      })
    }
  }
  updates.flush()
  return updates.count
}

/**
 * Steady change: UPDATEs with one route each, one in ten of a registered prefix, with attributes
 * drawn anew, so that verdicts change all the time.
 * @returns the number of UPDATEs, as asked
 */
export function generateChurn(
  universe: Universe,
  firstAs: number,
  count: number,
  write: (octets: Uint8Array) => void,
): number {
  const { family, routes, seed, high, low, length, origin, registration } = universe
  const source = createAttributeSource(universe, 0x6368, firstAs)
  const updates = createUpdateWriter(family, 'single', write)
  const random = createRandom(seed, 0x6368)
  const registered = registration.reduce<number[]>((list, number, at) => {
    if (number >= 0) list.push(at)
    return list
  }, [])
  for (let i = 0; i < count; i++) {
    const judged = random.chance(0.1)
    const at = judged
      ? (registered[random.below(registered.length)] as number)
      : random.below(routes)
    updates.announce(source.draw(i, origin[at] as number, judged), [
      { high: high[at] as number, low: low[at] as number, length: length[at] as number },
    ])
  }
  updates.flush()
  return updates.count
}
