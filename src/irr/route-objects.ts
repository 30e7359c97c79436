/** Millions of route objects in typed arrays: which AS numbers a registry records as origin of a prefix. */
import { copyPrefix, Family, maskPrefix, type Prefix } from '../prefix/prefix.ts'

/** What a registry records about a prefix. */
export interface RouteRecord {
  readonly prefix: Prefix
  readonly origin: number
  /** The registry, such as `RIPE`. */
  readonly source: string
}

/** Words of an address. */
const addressWords = { [Family.ipv4]: 1, [Family.ipv6]: 4 } as const
/** Registries that can be told apart. */
const MOST_SOURCES = 256
const FIRST_ROWS = 1024
const NO_ROW = -1

/** A number that spreads the prefixes over a table (a multiplicative hash). */
function hash({ w0, w1, w2, w3, length }: Readonly<Prefix>): number {
  let h = Math.imul(w0 ^ (length << 24), 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15) ^ w1, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13) ^ w2, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16) ^ w3, 0x27d4eb2f)
  return h ^ (h >>> 15)
}

/**
 * Rows of one family: address, then length and source, origin, and the row before with the same place
 * in the table, which is a power of two of rows.
 */
function createRows(family: Family) {
  const words = addressWords[family]
  const width = words + 3
  let rows = new Int32Array(width * FIRST_ROWS)
  let heads = new Int32Array(FIRST_ROWS).fill(NO_ROW)
  let count = 0

  const link = (row: number, place: number): void => {
    rows[row * width + words + 2] = heads[place] as number
    heads[place] = row
  }

  const prefixOf = (row: number): Prefix => {
    const at = row * width
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = rows.subarray(at, at + words)
    return { family, length: (rows[at + words] as number) >>> 8, w0, w1, w2, w3 }
  }

  const grow = (): void => {
    const larger = new Int32Array(rows.length * 2)
    larger.set(rows)
    rows = larger
    heads = new Int32Array(heads.length * 2).fill(NO_ROW)
    for (let row = 0; row < count; row++) link(row, hash(prefixOf(row)) & (heads.length - 1))
  }

  const matches = (at: number, { w0, w1, w2, w3, length }: Readonly<Prefix>): boolean =>
    rows[at] === w0 &&
    (rows[at + words] as number) >>> 8 === length &&
    (words === 1 || (rows[at + 1] === w1 && rows[at + 2] === w2 && rows[at + 3] === w3))

  return {
    add(prefix: Readonly<Prefix>, origin: number, source: number): void {
      if (count === heads.length) grow()
      const at = count * width
      rows[at] = prefix.w0
      if (words > 1) rows.set([prefix.w1, prefix.w2, prefix.w3], at + 1)
      rows[at + words] = (prefix.length << 8) | source
      rows[at + words + 1] = origin
      link(count, hash(prefix) & (heads.length - 1))
      count += 1
    },
    /** Calls back with origin and source of each row of exactly this prefix. */
    find(prefix: Readonly<Prefix>, visit: (origin: number, source: number) => void): void {
      let row = heads[hash(prefix) & (heads.length - 1)] as number
      while (row !== NO_ROW) {
        const at = row * width
        if (matches(at, prefix)) {
          visit((rows[at + words + 1] as number) >>> 0, (rows[at + words] as number) & 255)
        }
        row = rows[at + words + 2] as number
      }
    },
    get count() {
      return count
    },
    get bytes() {
      return rows.byteLength + heads.byteLength
    },
  }
}

/** Makes an empty set. */
export function createRouteObjects() {
  const families = {
    [Family.ipv4]: createRows(Family.ipv4),
    [Family.ipv6]: createRows(Family.ipv6),
  }
  const sources: string[] = []

  /** @throws RangeError when there are more than 256 registries */
  function sourceNumber(source: string): number {
    const known = sources.indexOf(source)
    if (known >= 0) return known
    if (sources.length === MOST_SOURCES) {
      throw new RangeError(`more than ${MOST_SOURCES} registries (source:)`)
    }
    return sources.push(source) - 1
  }

  function find(prefix: Readonly<Prefix>): RouteRecord[] {
    const found: RouteRecord[] = []
    families[prefix.family].find(prefix, (origin, source) => {
      found.push({ prefix: copyPrefix(prefix), origin, source: sources[source] ?? '' })
    })
    return found
  }

  return {
    /** @param source upper case */
    add(prefix: Readonly<Prefix>, origin: number, source: string): void {
      families[prefix.family].add(prefix, origin, sourceNumber(source))
    },
    /** Records of exactly this prefix. */
    find,
    /** Records of the prefix and of those that cover it, longest first. */
    covering(prefix: Readonly<Prefix>): RouteRecord[] {
      const found: RouteRecord[] = []
      const candidate = copyPrefix(prefix)
      for (let length = prefix.length; length >= 0; length--) {
        candidate.length = length
        found.push(...find(maskPrefix(candidate)))
      }
      return found
    },
    count: () => families[Family.ipv4].count + families[Family.ipv6].count,
    sources: (): readonly string[] => sources,
    bytes: () => families[Family.ipv4].bytes + families[Family.ipv6].bytes,
  }
}

export type RouteObjects = ReturnType<typeof createRouteObjects>
