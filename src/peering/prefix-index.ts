/** Which ids hold a prefix that equals, covers or lies inside another. */
import type { Family, Prefix } from '../prefix/prefix.ts'
import { NONE, RadixTrie } from '../prefix/trie.ts'

export interface PrefixIndex {
  add(prefix: Readonly<Prefix>, id: string): void
  delete(prefix: Readonly<Prefix>, id: string): void
  /** Ids whose prefix equals, covers or lies inside `prefix`: shorter prefixes first, each id once. */
  meeting(prefix: Readonly<Prefix>): string[]
}

/** Makes an empty index; a family takes memory from its first prefix on. */
export function createPrefixIndex(): PrefixIndex {
  const tries: (RadixTrie | undefined)[] = []
  /** By the value in the trie. */
  const holders: (Set<string> | undefined)[] = []
  const free: number[] = []

  function trieOf(family: Family): RadixTrie {
    tries[family] ??= new RadixTrie(family)
    return tries[family]
  }

  /** The value of exactly this prefix. */
  function numberOf(prefix: Readonly<Prefix>): number {
    return tries[prefix.family]?.find(prefix) ?? NONE
  }

  return {
    add(prefix, id) {
      const known = numberOf(prefix)
      if (known !== NONE) {
        holders[known]?.add(id)
        return
      }
      const number = free.pop() ?? holders.length
      holders[number] = new Set([id])
      trieOf(prefix.family).set(prefix, number)
    },
    delete(prefix, id) {
      const number = numberOf(prefix)
      const ids = holders[number]
      if (ids === undefined) return
      ids.delete(id)
      if (ids.size > 0) return
      trieOf(prefix.family).delete(prefix)
      holders[number] = undefined
      free.push(number)
    },
    meeting(prefix) {
      const found = new Set<string>()
      const trie = tries[prefix.family]
      const take = (number: number) => {
        for (const id of holders[number] ?? []) found.add(id)
      }
      trie?.eachCovering(prefix, take)
      trie?.eachInside(prefix, take)
      return [...found]
    },
  }
}
