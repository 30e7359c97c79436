/**
 * What is wrong with what the sessions of resources announce: looked at once a second where something
 * changed, so that it opens and closes, is an event and a metric, though nobody asks.
 */
import { beginSlice } from '../breathe.ts'
import type { Severity } from '../engine/types.ts'
import type { Directory, Kind, Resource, SessionFinding, SessionFindingReason } from './kind.ts'
import type { Live } from './live.ts'

/** A finding since when it is open. */
export interface OpenSessionFinding extends SessionFinding {
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** One finding in an event: enough to say what opened or closed. */
export interface SessionFindingChange {
  readonly reason: SessionFindingReason
  readonly severity: Severity
  readonly message: string
  /** How long it was open, milliseconds; only when it closed. */
  readonly duration?: number
}

/** A session, and the reasons that what it announces is judged by. */
export interface JudgedSession {
  readonly session: string
  readonly reasons: readonly SessionFindingReason[]
  readonly findings: readonly OpenSessionFinding[]
}

/** A resource whose sessions are judged. */
export interface JudgedResource {
  readonly kind: Kind
  readonly id: string
  /** Names of its sessions, one at least. */
  readonly sessions: readonly string[]
}

export interface SessionFindingsOptions {
  readonly directory: Directory
  readonly live: Live
  /** By any key that is the resource's own. */
  readonly judged: ReadonlyMap<string, JudgedResource>
  /** Told what opened and closed on a session. */
  readonly onChange: (
    session: string,
    opened: readonly SessionFindingChange[],
    closed: readonly SessionFindingChange[],
  ) => void
}

export interface SessionFindings {
  /** Resources changed: everything is looked at again. */
  touch(): void
  /** Looks at what changed since the last time. @param now milliseconds since the epoch */
  look(now: number): Promise<void>
  /** @returns what is open on a session */
  of(session: string): readonly OpenSessionFinding[]
  all(): readonly JudgedSession[]
}

/** @returns findings whose reason is not among those of others */
function without<T extends SessionFinding>(
  findings: readonly T[],
  others: readonly SessionFinding[],
): T[] {
  return findings.filter(({ reason }) => !others.some((each) => each.reason === reason))
}

function changeOf({ reason, severity, message }: SessionFinding): SessionFindingChange {
  return { reason, severity, message }
}

/** Makes the findings of sessions; nothing is open. */
export function createSessionFindings(options: SessionFindingsOptions): SessionFindings {
  const { directory, live, judged, onChange } = options
  const signatures = new Map<string, string>()
  const open = new Map<string, readonly OpenSessionFinding[]>()
  let generation = 0
  /** The look that is under way. */
  let looking: Promise<void> | null = null

  /** Changes whenever a route of the sessions came or went, one came up or down, or a resource changed. */
  function signatureOf(sessions: readonly string[]): string {
    const counts = sessions.flatMap((name) => {
      const tallies = live.engine.tallies(name)
      if (tallies === undefined) return [name]
      const { announced, withdrawn, prefixes, complete } = tallies
      const numbers = [announced, withdrawn, prefixes, complete]
      const state = live.session(name)?.stateName ?? ''
      return [state, ...numbers.map(({ ipv4, ipv6 }) => `${ipv4} ${ipv6}`)]
    })
    return `${generation} ${counts.join(' ')}`
  }

  function settle(session: string, found: readonly SessionFinding[], now: number): void {
    const before = open.get(session) ?? []
    const after = found.map((each) => {
      const since = before.find(({ reason }) => reason === each.reason)?.since ?? now
      return { ...each, since }
    })
    if (after.length === 0) open.delete(session)
    else open.set(session, after)
    const opened = without(found, before).map(changeOf)
    const closed = without(before, found).map((each) => ({
      ...changeOf(each),
      duration: now - each.since,
    }))
    if (opened.length + closed.length > 0) onChange(session, opened, closed)
  }

  function judge({ kind, id, sessions }: JudgedResource, now: number): void {
    const resource = directory.find(kind.name, id)
    const found = resource && kind.judges?.findings(resource as Resource, { directory, live })
    for (const session of sessions) {
      settle(session, found?.filter((each) => each.session === session) ?? [], now)
    }
  }

  /** What no resource runs any more is forgotten. */
  function forget(): void {
    for (const key of signatures.keys()) if (!judged.has(key)) signatures.delete(key)
    if (open.size === 0) return
    const names = new Set([...judged.values()].flatMap(({ sessions }) => sessions))
    for (const session of open.keys()) if (!names.has(session)) open.delete(session)
  }

  async function lookOnce(now: number): Promise<void> {
    const slice = beginSlice()
    for (const [key, resource] of [...judged]) {
      const signature = signatureOf(resource.sessions)
      if (signatures.get(key) !== signature) {
        signatures.set(key, signature)
        judge(resource, now)
      }
      if (slice.over()) await slice.breathe()
    }
    forget()
  }

  return {
    touch() {
      generation += 1
    },
    look(now) {
      looking ??= lookOnce(now).finally(() => {
        looking = null
      })
      return looking
    },
    of: (session) => open.get(session) ?? [],
    all: () =>
      [...judged.values()].flatMap(({ kind, sessions }) =>
        sessions.map((session) => ({
          session,
          reasons: kind.judges?.reasons ?? [],
          findings: open.get(session) ?? [],
        })),
      ),
  }
}
