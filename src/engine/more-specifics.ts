/**
 * Counts the unregistered more-specifics of newly registered prefixes in tables that are already
 * full: in slices, so that BGP goes on, and right whatever is announced and withdrawn meanwhile.
 */
import { equalPrefix, Family, type Prefix } from '../prefix/prefix.ts'
import { NONE, type RadixTrie } from '../prefix/trie.ts'
import type { AdjRibIn } from './adj-rib-in.ts'
import { type ChangeWatcher, countMoreSpecific } from './intake.ts'
import {
  type EngineSession,
  type EngineState,
  markDirty,
  type Registered,
  tableOf,
} from './state.ts'

/** Slots of a routing table that one slice looks at. */
const SLICE = 8192

/** What is known so far of one prefix: route key to origin; null: withdrawn meanwhile. */
type Found = Map<string, number | null>

interface Job {
  readonly session: EngineSession
  readonly rib: AdjRibIn
  readonly targets: Map<Registered, Found>
  /** Slots below this one are still to be looked at. */
  next: number
  version: number
}

function routeKey(prefix: Readonly<Prefix>, pathId: number): string {
  return `${prefix.w0},${prefix.w1},${prefix.w2},${prefix.w3}/${prefix.length}#${pathId}`
}

export class MoreSpecificScan implements ChangeWatcher {
  private readonly state: EngineState
  /** Registered since the running jobs began. */
  private waiting = new Set<Registered>()
  private jobs: Job[] = []

  constructor(state: EngineState) {
    this.state = state
  }

  /** Whether slices are left to do. */
  get busy(): boolean {
    return this.jobs.length > 0 || this.waiting.size > 0
  }

  /** Has the tables searched for more-specifics of a new registration. */
  add(registered: Registered): void {
    const { family } = registered.prefix
    const needed = this.state.sessions.some((s) => s && (tableOf(s, family)?.rib.count ?? 0) > 0)
    if (needed) this.waiting.add(registered)
  }

  /** Forgets a registration that is gone. */
  drop(registered: Registered): void {
    this.waiting.delete(registered)
    for (const job of this.jobs) job.targets.delete(registered)
  }

  /** Forgets a session whose routes are gone. */
  dropSession(session: EngineSession): void {
    this.jobs = this.jobs.filter((job) => job.session !== session)
  }

  /** A route changed; true when a running scan takes note of it, so that nobody else must. */
  changed(
    session: EngineSession,
    registered: Registered,
    prefix: Readonly<Prefix>,
    pathId: number,
    origin: number | null,
  ): boolean {
    if (!this.busy) return false
    if (this.waiting.has(registered)) return true
    for (const job of this.jobs) {
      const found = job.session === session ? job.targets.get(registered) : undefined
      if (found === undefined) continue
      found.set(routeKey(prefix, pathId), origin)
      return true
    }
    return false
  }

  /** Does one slice of work: less than a millisecond. */
  step(): void {
    if (this.jobs.length === 0) this.begin()
    const job = this.jobs[0]
    if (job === undefined) return
    if (job.version !== job.rib.version) restart(job)
    const to = Math.max(0, job.next - SLICE)
    this.look(job, job.next, to)
    job.next = to
    if (to === 0) this.finish(job)
  }

  private begin(): void {
    for (const family of [Family.ipv4, Family.ipv6]) {
      const targets = [...this.waiting].filter((r) => r.prefix.family === family)
      if (targets.length === 0) continue
      for (const session of this.state.sessions) {
        const rib = session && tableOf(session, family)?.rib
        if (!session || !rib || rib.count === 0) continue
        const found = new Map(targets.map((r) => [r, new Map() as Found]))
        this.jobs.push({ session, rib, targets: found, next: rib.slotCount, version: rib.version })
      }
    }
    this.waiting.clear()
  }

  private look(job: Job, from: number, to: number): void {
    const trie = this.state.tries[job.rib.family - 1] as RadixTrie
    job.rib.visitSlots(from, to, (prefix, set, pathId) => {
      if (trie.find(prefix) !== NONE || trie.covering === NONE) return
      trie.eachCovering(prefix, (number) => {
        for (let r = this.state.registered[number] ?? null; r !== null; r = r.twin) {
          const found = job.targets.get(r)
          if (found === undefined || equalPrefix(r.prefix, prefix)) continue
          const key = routeKey(prefix, pathId)
          if (!found.has(key)) found.set(key, this.state.sets.originAs(set))
        }
      })
    })
  }

  private finish(job: Job): void {
    // A removal can carry a route round the end of the table into slots already seen.
    const top = Math.min(job.rib.slotCount, 64)
    this.look(job, job.rib.slotCount, job.rib.slotCount - top)
    this.jobs.shift()
    for (const [registered, found] of job.targets) {
      for (const origin of found.values()) {
        if (origin !== null) countMoreSpecific(registered, job.session, null, origin)
      }
      if (found.size > 0) markDirty(this.state, registered, job.session)
    }
  }
}

/** The table was rebuilt: slots mean something else now. What was found stays true. */
function restart(job: Job): void {
  job.version = job.rib.version
  job.next = job.rib.slotCount
}
