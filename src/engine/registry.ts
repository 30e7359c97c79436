/** Registered prefixes behind the trie: who they are, whose they are, whom they overlap. */
import { comparePrefix, coversPrefix, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { NONE, type RadixTrie } from '../prefix/trie.ts'
import { createExpectation, type Expectation, expectationOf } from './expectation.ts'
import { type ChangeWatcher, countMoreSpecific } from './intake.ts'
import { originOf } from './judge.ts'
import { compilePolicy } from './policy.ts'
import {
  type EngineSession,
  type EngineState,
  markDirty,
  type Registered,
  tableOf,
} from './state.ts'
import { PrefixState, type Registration } from './types.ts'

/** Two registrations under one name. */
export class DuplicateNameError extends Error {
  override readonly name = 'DuplicateNameError'
}

function trieOf(state: EngineState, prefix: Readonly<Prefix>): RadixTrie {
  return state.tries[prefix.family - 1] as RadixTrie
}

/** Whether two registrations may overlap: they have one owner. */
function sameOwner(a: Registration, b: Registration): boolean {
  return a.owner !== undefined && a.owner === b.owner
}

/** Puts what a registration declares into an entry. @throws CommunityError for its policy */
function declare(state: EngineState, entry: Registered, registration: Registration): void {
  entry.registration = registration
  entry.summary = null
  entry.ownPolicy = registration.policy !== undefined || registration.stripPrivateAsns === true
  entry.policy = entry.ownPolicy
    ? compilePolicy(
        { ...state.policy.policy, ...registration.policy },
        registration.stripPrivateAsns,
      )
    : state.policy
  entry.origins = Int32Array.from(registration.originAsns)
  entry.expected = expectationOf(state, registration)
  entry.backup = registration.requires?.backup
    ? new Set(registration.requires.backup.sessions)
    : null
  state.plain.note(entry)
}

/**
 * Registers a prefix.
 * @param now milliseconds since the epoch
 * @throws DuplicateNameError when the name is taken
 */
export function register(
  state: EngineState,
  registration: Registration,
  watcher: ChangeWatcher,
  now: number,
): Registered {
  if (state.byName.has(registration.name)) {
    throw new DuplicateNameError(`a prefix is already registered as "${registration.name}"`)
  }
  const number = state.freeNumbers.pop() ?? state.registered.length
  const { prefix } = registration
  const entry: Registered = {
    number,
    registration,
    prefix,
    text: formatPrefix(prefix),
    policy: state.policy,
    ownPolicy: false,
    origins: new Int32Array(0),
    expected: expectationOf(state, registration),
    backup: null,
    carried: null,
    overlaps: [],
    twin: null,
    state: PrefixState.None,
    since: now,
    opened: [],
    errors: 0,
    reasons: null,
    malformed: null,
    moreSpecifics: null,
    dirty: false,
    changed: null,
    judged: false,
    routesCounted: false,
    summary: null,
  }
  declare(state, entry, registration)
  findOverlaps(state, entry)
  const twin = trieOf(state, prefix).set(prefix, number)
  state.registered[number] = entry
  state.sorted = null
  state.byName.set(registration.name, entry)
  if (twin === NONE) {
    recountAbove(state, prefix, true, watcher)
  } else {
    entry.twin = state.registered[twin] ?? null
    state.plain.note(entry)
  }
  markDirty(state, entry, null)
  return entry
}

/** Finds the registered prefixes of others that equal, cover or lie inside this one, both ways. */
function findOverlaps(state: EngineState, entry: Registered): void {
  const trie = trieOf(state, entry.prefix)
  const meet = (number: number) => {
    for (let other = state.registered[number] ?? null; other !== null; other = other.twin) {
      if (sameOwner(entry.registration, other.registration)) continue
      entry.overlaps.push(other)
      other.overlaps.push(entry)
      markDirty(state, other, null)
    }
  }
  trie.eachCovering(entry.prefix, meet)
  trie.eachInside(entry.prefix, meet)
}

function forgetOverlaps(state: EngineState, entry: Registered): void {
  for (const other of entry.overlaps) {
    other.overlaps = other.overlaps.filter((each) => each !== entry)
    markDirty(state, other, null)
  }
  entry.overlaps = []
}

/** A route that is registered is no unregistered more-specific of the prefixes above it, and back. */
function recountAbove(
  state: EngineState,
  prefix: Readonly<Prefix>,
  registered: boolean,
  watcher: ChangeWatcher,
): void {
  for (const session of state.sessions) {
    if (session === undefined) continue
    tableOf(session, prefix.family)?.rib.eachPath(prefix, (set, pathId) => {
      const origin = originOf(state, session, set)
      trieOf(state, prefix).eachCovering(prefix, (number) => {
        for (let above = state.registered[number] ?? null; above !== null; above = above.twin) {
          if (above.prefix.length === prefix.length) continue
          const come = registered ? null : origin
          if (watcher.changed(session, above, prefix, pathId, come)) continue
          countMoreSpecific(above, session, registered ? origin : null, come)
          markDirty(state, above, session)
        }
      })
    })
  }
}

/** Takes a registration out. @returns the entry that it was, or undefined when there was none */
export function unregister(
  state: EngineState,
  name: string,
  watcher: ChangeWatcher,
): Registered | undefined {
  const entry = state.byName.get(name)
  if (entry === undefined) return undefined
  state.byName.delete(name)
  forgetOverlaps(state, entry)
  const trie = trieOf(state, entry.prefix)
  const first = state.registered[trie.find(entry.prefix)]
  if (first === entry && entry.twin === null) {
    trie.delete(entry.prefix)
    release(state, entry)
    recountAbove(state, entry.prefix, false, watcher)
    return entry
  }
  if (first === entry && entry.twin !== null) trie.set(entry.prefix, entry.twin.number)
  for (let at = first; at !== undefined; at = at.twin ?? undefined) {
    if (at.twin !== entry) continue
    at.twin = entry.twin
    state.plain.note(at)
  }
  release(state, entry)
  return entry
}

function release(state: EngineState, entry: Registered): void {
  state.registered[entry.number] = undefined
  state.sorted = null
  state.freeNumbers.push(entry.number)
}

/**
 * Changes what a name declares, while its prefix stays.
 * @returns false when the prefix itself differs, which is another registration
 */
export function redeclare(state: EngineState, registration: Registration): boolean {
  const entry = state.byName.get(registration.name)
  if (entry === undefined) return false
  const { prefix } = registration
  if (!coversPrefix(prefix, entry.prefix) || prefix.length !== entry.prefix.length) return false
  forgetOverlaps(state, entry)
  const { twin } = entry
  declare(state, entry, registration)
  entry.twin = twin
  relinkOverlaps(state, entry)
  markDirty(state, entry, null)
  return true
}

function relinkOverlaps(state: EngineState, entry: Registered): void {
  findOverlaps(state, entry)
  // The entry met itself in the trie.
  entry.overlaps = entry.overlaps.filter((other) => other !== entry)
}

/** Computes expected sessions and compiled policies anew, after sessions or the policy changed. */
export function refreshDeclarations(state: EngineState): void {
  state.expectations.clear()
  for (const entry of state.registered) {
    if (entry === undefined) continue
    declare(state, entry, entry.registration)
    markDirty(state, entry, null)
  }
}

/** No prefix is expected on the session any more. */
export function expectNoMore(state: EngineState, session: EngineSession): void {
  state.expectations.clear()
  const without = new Map<Expectation, Expectation>()
  for (const entry of state.registered) {
    if (entry?.expected.members.has(session) !== true) continue
    const { family, sessions } = entry.expected
    const left =
      without.get(entry.expected) ??
      createExpectation(
        family,
        sessions.filter((each) => each !== session),
      )
    without.set(entry.expected, left)
    entry.expected = left
  }
}

/** All registered prefixes, in the order of `comparePrefix`, then of their names. */
export function sortedEntries(state: EngineState): readonly Registered[] {
  state.sorted ??= state.registered
    .filter((entry) => entry !== undefined)
    .sort(
      (a, b) =>
        comparePrefix(a.prefix, b.prefix) || (a.registration.name < b.registration.name ? -1 : 1),
    )
  return state.sorted
}
