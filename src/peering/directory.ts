/**
 * Resources in memory, found by id, parent, key and prefix. A second directory can lie over a first one:
 * it holds what a transaction changes, and shows the rest through, until the changes are laid down.
 */
import type { Prefix } from '../prefix/prefix.ts'
import type { Directory, Kind, Resource } from './kind.ts'
import { createPrefixIndex, type PrefixIndex } from './prefix-index.ts'

/** A directory that can be changed. */
export interface WritableDirectory extends Directory {
  /** Puts a resource in, in the place of the one of its kind and id. */
  put(resource: Resource): void
  /** Takes a resource out, if it is there. */
  drop(kind: string, id: string): void
}

/** Resources of one kind. */
interface Shelf {
  readonly byId: Map<string, Resource>
  /** Ids by parent. */
  readonly children: Map<string, Set<string>>
  readonly byKey: Map<string, Set<string>>
  prefixes: PrefixIndex | null
  /** `all` by parent (empty: of the whole kind); made again after a change. */
  readonly sorted: Map<string, readonly Resource[]>
  /** Of an overlay: ids whose resource below does not show any more. */
  readonly hidden: Set<string>
  /** Of an overlay: resources below that are hidden, by parent (empty: all). */
  readonly hiddenCounts: Map<string, number>
}

function createShelf(): Shelf {
  return {
    byId: new Map(),
    children: new Map(),
    byKey: new Map(),
    prefixes: null,
    sorted: new Map(),
    hidden: new Set(),
    hiddenCounts: new Map(),
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([id]))
  else set.add(id)
}

function removeFrom(sets: Map<string, Set<string>>, key: string, id: string): void {
  const set = sets.get(key)
  if (set?.delete(id) && set.size === 0) sets.delete(key)
}

function byId(a: Resource, b: Resource): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Kinds by name, as `createDirectory` wants them. */
export type KindTable = ReadonlyMap<string, Kind>

/**
 * Makes an empty directory.
 * @param below what shows through; it must not change while this one is used
 */
export function createDirectory(kinds: KindTable, below?: Directory): WritableDirectory {
  const shelves = new Map<string, Shelf>()

  function shelfOf(kind: string): Shelf {
    let shelf = shelves.get(kind)
    if (shelf === undefined) {
      shelf = createShelf()
      shelves.set(kind, shelf)
    }
    return shelf
  }

  function hide(shelf: Shelf, kind: string, id: string): void {
    if (below === undefined || shelf.hidden.has(id)) return
    shelf.hidden.add(id)
    const hidden = below.find(kind, id)
    if (hidden === undefined) return
    for (const parent of ['', hidden.parent]) {
      if (parent === null) continue
      shelf.hiddenCounts.set(parent, (shelf.hiddenCounts.get(parent) ?? 0) + 1)
    }
  }

  function takeOut(shelf: Shelf, { kind, id, parent, ...rest }: Resource): void {
    shelf.byId.delete(id)
    if (parent !== null) removeFrom(shelf.children, parent, id)
    const index = kinds.get(kind)?.index?.({ kind, id, parent, ...rest })
    for (const key of index?.keys ?? []) removeFrom(shelf.byKey, key, id)
    for (const prefix of index?.prefixes ?? []) shelf.prefixes?.delete(prefix, id)
  }

  function own(shelf: Shelf, ids: Iterable<string>): Resource[] {
    return Array.from(ids, (id) => shelf.byId.get(id)).filter((found) => found !== undefined)
  }

  /** Those of below that are not hidden, then our own. */
  function both(shelf: Shelf, shown: readonly Resource[], ids: Iterable<string>): Resource[] {
    return [...shown.filter(({ id }) => !shelf.hidden.has(id)), ...own(shelf, ids)]
  }

  return {
    find(kind, id) {
      const shelf = shelves.get(kind)
      if (shelf === undefined) return below?.find(kind, id)
      return shelf.byId.get(id) ?? (shelf.hidden.has(id) ? undefined : below?.find(kind, id))
    },
    all(kind, parent) {
      const shown = () => below?.all(kind, parent) ?? []
      const shelf = shelves.get(kind)
      if (shelf === undefined) return shown()
      const kept = shelf.sorted.get(parent ?? '')
      if (kept !== undefined) return kept
      const ids = parent === undefined ? shelf.byId.keys() : (shelf.children.get(parent) ?? [])
      const list = both(shelf, shown(), ids).sort(byId)
      shelf.sorted.set(parent ?? '', list)
      return list
    },
    count(kind, parent) {
      const shelf = shelves.get(kind)
      const shown = below?.count(kind, parent) ?? 0
      if (shelf === undefined) return shown
      const mine = parent === undefined ? shelf.byId.size : (shelf.children.get(parent)?.size ?? 0)
      return shown - (shelf.hiddenCounts.get(parent ?? '') ?? 0) + mine
    },
    having(kind, key) {
      const shelf = shelves.get(kind)
      const shown = below?.having(kind, key) ?? []
      return shelf === undefined ? shown : both(shelf, shown, shelf.byKey.get(key) ?? [])
    },
    meeting(kind, prefix: Readonly<Prefix>) {
      const shelf = shelves.get(kind)
      const shown = below?.meeting(kind, prefix) ?? []
      return shelf === undefined ? shown : both(shelf, shown, shelf.prefixes?.meeting(prefix) ?? [])
    },
    put(resource) {
      const { kind, id, parent } = resource
      const shelf = shelfOf(kind)
      const before = shelf.byId.get(id)
      if (before !== undefined) takeOut(shelf, before)
      hide(shelf, kind, id)
      shelf.sorted.clear()
      shelf.byId.set(id, resource)
      if (parent !== null) addTo(shelf.children, parent, id)
      const index = kinds.get(kind)?.index?.(resource)
      for (const key of index?.keys ?? []) addTo(shelf.byKey, key, id)
      for (const prefix of index?.prefixes ?? []) {
        shelf.prefixes ??= createPrefixIndex()
        shelf.prefixes.add(prefix, id)
      }
    },
    drop(kind, id) {
      const shelf = shelfOf(kind)
      const before = shelf.byId.get(id)
      if (before !== undefined) takeOut(shelf, before)
      hide(shelf, kind, id)
      shelf.sorted.clear()
    },
  }
}
