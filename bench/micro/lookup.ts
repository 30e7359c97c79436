/** Look-ups among registered prefixes, beside other tables that a Node program can have. */
import { BlockList } from 'node:net'
import { Family, type FamilyName, type Prefix } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { RadixTrie } from '../../src/prefix/trie.ts'
import type { Figure } from '../figures.ts'
import { createRandom } from '../random.ts'
import { type BenchPrefix, createUniverse, prefixText, type Universe } from '../universe.ts'
import { timeOften } from './timing.ts'

/** Prefixes that are looked up; so many that they do not stay in the first caches by themselves. */
const PROBES = 16_384

/** Probes column by column: no objects to be fetched while the clock runs. */
interface Probes {
  readonly w0: Int32Array
  readonly w1: Int32Array
  readonly length: Uint8Array
  /** The network addresses. */
  readonly texts: readonly string[]
}

function columns(family: FamilyName, prefixes: readonly BenchPrefix[]): Probes {
  return {
    w0: Int32Array.from(prefixes, ({ high }) => high | 0),
    w1: Int32Array.from(prefixes, ({ low }) => low | 0),
    length: Uint8Array.from(prefixes, ({ length }) => length),
    texts: prefixes.map((p) => prefixText(family, p).split('/')[0] as string),
  }
}

/** Announced prefixes that are registered, and such that no registered prefix is near. */
function drawProbes(universe: Universe, trie: RadixTrie): { hits: Probes; misses: Probes } {
  const { high, low, length, routes, registration, family, registeredPrefixes } = universe
  const random = createRandom(5, routes)
  const at = (i: number): BenchPrefix => ({
    high: high[i] as number,
    low: low[i] as number,
    length: length[i] as number,
  })
  const misses: BenchPrefix[] = []
  while (misses.length < PROBES) {
    const i = random.below(routes)
    if (registration[i] !== -1) continue
    const probe = at(i)
    trie.find(parsePrefix(prefixText(family, probe)))
    if (trie.covering === -1 && !trie.inside) misses.push(probe)
  }
  const hits = Array.from({ length: PROBES }, () => {
    return registeredPrefixes[random.below(registeredPrefixes.length)] as BenchPrefix
  })
  return { hits: columns(family, hits), misses: columns(family, misses) }
}

function lookUpAll(trie: RadixTrie, prefix: Prefix, probes: Probes): number {
  const { w0, w1, length } = probes
  let found = 0
  for (let i = 0; i < length.length; i++) {
    prefix.w0 = w0[i] as number
    prefix.w1 = w1[i] as number
    prefix.length = length[i] as number
    if (trie.find(prefix) >= 0) found++
  }
  return found
}

/** As much of the package arkime-iptrie as is used here. */
interface ForeignTrie {
  add(address: string, length: number, value: number): void
  find(address: string): number | null | undefined
}

/** The one longest-prefix-match table on npm that is more than a loop; in C++. */
async function foreignTrie(): Promise<(new () => ForeignTrie) | undefined> {
  const name = 'arkime-iptrie'
  try {
    const { default: loaded } = (await import(name)) as {
      default: { IPTrie: new () => ForeignTrie }
    }
    return loaded.IPTrie
  } catch {
    return undefined
  }
}

const families: readonly { family: FamilyName; routes: number }[] = [
  { family: 'ipv4', routes: 1_000_000 },
  { family: 'ipv6', routes: 200_000 },
]

/** Nanoseconds a look-up, hits and misses, IPv4 and IPv6, 10 000 and 100 000 registered prefixes. */
export async function lookupFigures(quick: boolean): Promise<Figure[]> {
  const Foreign = await foreignTrie()
  if (Foreign === undefined) {
    process.stderr.write('  arkime-iptrie is not there: npm install --no-save arkime-iptrie\n')
  }
  const figures: Figure[] = []
  for (const { family, routes } of families) {
    for (const registered of quick ? [10_000] : [10_000, 100_000]) {
      const universe = createUniverse({ family, routes, registered, seed: 1 })
      const trie = new RadixTrie(Family[family])
      const foreign = Foreign && new Foreign()
      const list = new BlockList()
      universe.registeredPrefixes.forEach((p, i) => {
        const text = prefixText(family, p)
        trie.set(parsePrefix(text), i)
        foreign?.add(text.split('/')[0] as string, p.length, i)
        list.addSubnet(text.split('/')[0] as string, p.length, family)
      })
      const prefix: Prefix = { family: Family[family], length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
      for (const [kind, probes] of Object.entries(drawProbes(universe, trie))) {
        const name = (who: string) => `trie / ${family}, ${registered}, ${kind} / ${who}`
        figures.push(
          await timeOften(name('bgpwarden'), PROBES, () => lookUpAll(trie, prefix, probes)),
        )
        if (foreign !== undefined) {
          figures.push(
            await timeOften(name('arkime-iptrie (C++)'), PROBES, () => {
              let found = 0
              for (const text of probes.texts) if (foreign.find(text) != null) found++
              return found
            }),
          )
        }
        if (registered === 10_000) {
          const few = probes.texts.slice(0, 50)
          figures.push(
            await timeOften(name("Node's net.BlockList"), few.length, () => {
              let found = 0
              for (const text of few) if (list.check(text, family)) found++
              return found
            }),
          )
        }
      }
    }
  }
  return figures
}
