/** Where resources are found: API paths and ids, from the table of kinds alone. */
import type { Kind } from './kind.ts'

/** What paths are made from. */
export type KindRow = Pick<Kind, 'name' | 'segment' | 'parent'>

/** First steps of API paths that are not of the registry. */
const taken = [
  'sessions',
  'prefixes',
  'events',
  'policy',
  'explain',
  'overview',
  'audit',
  'registry',
  'webhooks',
]

/**
 * The kinds above a kind, the outermost first.
 * @throws Error when the table names a parent that is not in it
 */
export function parentsOf<K extends KindRow>(kinds: readonly K[], kind: K): K[] {
  if (kind.parent === null) return []
  const parent = kinds.find(({ name }) => name === kind.parent)
  if (parent === undefined)
    throw new Error(`${kind.name} stands under ${kind.parent}, which is no kind`)
  return [...parentsOf(kinds, parent), parent]
}

/**
 * Path of the list of a kind under `/api/v1/`, with the names of its parents filled in by `name`.
 * @returns for instance `peerings/{name}/connections`
 */
export function listPath<K extends KindRow>(
  kinds: readonly K[],
  kind: K,
  name: (parent: K, index: number) => string,
): string {
  const above = parentsOf(kinds, kind).map((parent, i) => `${parent.segment}/${name(parent, i)}/`)
  return above.join('') + kind.segment
}

/** Whether all of a kind stand in one list of their own, whatever their parents. */
export function hasOneList(kinds: readonly KindRow[], kind: KindRow): boolean {
  if (kind.parent === null) return true
  const same = kinds.filter(({ segment }) => segment === kind.segment)
  return same.length === 1 && !taken.includes(kind.segment)
}

/** @param names from the outermost parent inwards */
export function idOf(names: readonly string[]): string {
  return names.join('/')
}
