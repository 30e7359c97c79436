/** The engine's read-only face, for API, CLI and metrics. */
import { familyName } from '../prefix/prefix.ts'
import { Handling } from '../wire/handling.ts'
import { invalidReason, isJudged } from './evaluation.ts'
import { isComplete } from './expectation.ts'
import { explainAnnouncement } from './explain.ts'
import { failingCounts, failingPrefixes } from './failing.ts'
import {
  findCodes,
  firstCode,
  found,
  holdsRoutes,
  isError,
  readReason,
  readSession,
  readSeverity,
} from './finding-codes.ts'
import { announcedPrefixes, exactRoutes, findRoutes } from './looking-glass.ts'
import { placeOfCode } from './open-finding.ts'
import { sortedEntries } from './registry.ts'
import { describeFinding } from './sentences.ts'
import { type EngineSession, type EngineState, type Registered, tableOf } from './state.ts'
import {
  type EngineView,
  type Finding,
  type FindingReason,
  findingReasons,
  type PrefixStateName,
  type PrefixSummary,
  type PrefixVerdict,
  prefixStateNames,
  routeClasses,
  routeNotes,
  type SessionCheck,
  type SessionTallies,
} from './types.ts'

function nameOfState(registered: Registered): PrefixStateName {
  return prefixStateNames[registered.state] as PrefixStateName
}

/** Distinct reasons of the open findings. There may be a million of them, and a scrape asks every few seconds. */
function openReasons(registered: Registered): readonly FindingReason[] {
  if (registered.reasons !== null) return registered.reasons
  const reasons: FindingReason[] = []
  for (const { reason } of registered.opened) if (!reasons.includes(reason)) reasons.push(reason)
  registered.reasons = reasons
  return reasons
}

function summarise(registered: Registered): PrefixSummary {
  registered.summary ??= makeSummary(registered)
  return registered.summary
}

function makeSummary(registered: Registered): PrefixSummary {
  const { registration, prefix } = registered
  return {
    name: registration.name,
    prefix: registered.text,
    family: familyName(prefix.family),
    owner: registration.owner ?? null,
    state: nameOfState(registered),
    since: registered.since,
    reasons: openReasons(registered),
  }
}

/** Findings as they stand now, with the time at which each began. */
function openFindings(state: EngineState, registered: Registered): Finding[] {
  if (!isJudged(registered)) return []
  // Also when no table is complete yet: who asks wants to know how it looks so far.
  findCodes(state, registered, null, true)
  return found.codes.slice(0, found.count).map((code) => finding(state, registered, code))
}

function finding(state: EngineState, registered: Registered, code: number): Finding {
  const session = readSession(state, code)
  const reason = readReason(code)
  const known = registered.opened[placeOfCode(registered.opened, code)]
  return {
    reason,
    severity: readSeverity(code),
    session: session?.name ?? null,
    ...describeFinding(state, registered, session, reason),
    since: known?.code === code ? known.since : registered.since,
  }
}

/** The first error, else the first warning, of the last evaluation. */
function headline(state: EngineState, registered: Registered) {
  const { opened } = registered
  const worst = opened.find(({ code }) => isError(code)) ?? opened[0]
  if (worst === undefined) return undefined
  return { finding: finding(state, registered, worst.code), others: opened.length - 1 }
}

function checkSession(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
): SessionCheck {
  const routes = holdsRoutes(session) ? exactRoutes(state, session, registered.prefix) : []
  const route = routes[0]
  const status = !session.up
    ? session.overdue
      ? 'down'
      : 'pending'
    : route
      ? 'received'
      : isComplete(session, registered.prefix.family)
        ? 'missing'
        : 'pending'
  return { session: session.name, status, ...(route && { route }) }
}

function verdict(state: EngineState, registered: Registered): PrefixVerdict {
  const findings = openFindings(state, registered)
  const sentences = findings.map((finding) => finding.message)
  return {
    ...summarise(registered),
    originAsns: registered.registration.originAsns,
    policy: registered.policy.policy,
    errorMessage: [invalidReason(registered), ...sentences].filter(Boolean).join(' '),
    findings,
    sessions: registered.expected.sessions.map((session) =>
      checkSession(state, registered, session),
    ),
  }
}

function families(counters: Float64Array) {
  return { ipv4: counters[0] as number, ipv6: counters[1] as number }
}

function tallies(session: EngineSession): SessionTallies {
  const { tally, tables } = session
  const named = <N extends string>(names: readonly N[], counters: Float64Array) =>
    Object.fromEntries(names.map((name, i) => [name, counters[i] ?? 0])) as Record<N, number>
  const { handling } = tally
  return {
    prefixes: { ipv4: tables[0]?.rib.count ?? 0, ipv6: tables[1]?.rib.count ?? 0 },
    complete: { ipv4: tables[0]?.complete === true, ipv6: tables[1]?.complete === true },
    endOfRib: { ipv4: tables[0]?.endOfRib === true, ipv6: tables[1]?.endOfRib === true },
    announced: families(tally.announced),
    withdrawn: families(tally.withdrawn),
    classes: named(routeClasses, tally.classes),
    findings: named(findingReasons, tally.findings),
    notes: named(routeNotes, tally.notes),
    // Not one by one from `handlingName`: an object whose first key is `accept`, with a counter as its value,
    // shares V8's description of that field with `Handling`, whose 0 becomes a double then; the attribute
    // walk that stores it changes its form, and all code on the way of a route is compiled again.
    updateErrors: {
      'attribute-discard': handling[Handling.attributeDiscard] as number,
      'treat-as-withdraw': handling[Handling.treatAsWithdraw] as number,
      'session-reset': handling[Handling.sessionReset] as number,
    },
  }
}

/** Octets outside V8's heap. */
function memory(state: EngineState) {
  let rib = 0
  for (const session of state.sessions) {
    for (const table of session?.tables ?? []) rib += table?.rib.bytes ?? 0
  }
  return {
    rib,
    attributes: state.sets.bytes,
    trie: state.tries[0].bytes + state.tries[1].bytes,
  }
}

function ribRoutes(state: EngineState) {
  const routes = { ipv4: 0, ipv6: 0 }
  for (const session of state.sessions) {
    routes.ipv4 += session?.tables[0]?.rib.count ?? 0
    routes.ipv6 += session?.tables[1]?.rib.count ?? 0
  }
  return routes
}

function zeroes<N extends string>(names: readonly N[]): Record<N, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<N, number>
}

/**
 * @param judge judges one prefix anew, now
 * @param catchUp has more-specifics counted that wait for it
 */
export function createView(
  state: EngineState,
  judge: (registered: Registered) => void,
  catchUp: () => void,
): EngineView {
  /** A registration whose findings are asked for. */
  const caughtUp = (name: string) => {
    catchUp()
    return state.byName.get(name)
  }
  return {
    get policy() {
      return state.policy.policy
    },
    prefixes: () => sortedEntries(state).map(summarise),
    prefix(name) {
      const registered = caughtUp(name)
      return registered && verdict(state, registered)
    },
    expectedSessions(name) {
      return state.byName.get(name)?.expected.sessions.map((session) => session.name) ?? []
    },
    headline(name) {
      const registered = caughtUp(name)
      return registered && headline(state, registered)
    },
    concerns(name, session, reason) {
      const registered = state.byName.get(name)
      const on = state.sessionsByName.get(session)
      if (registered === undefined || on === undefined) return false
      if (reason === undefined) return registered.expected.members.has(on)
      const { opened } = registered
      const last = placeOfCode(opened, firstCode(on.index + 1))
      for (let i = placeOfCode(opened, firstCode(on.index)); i < last; i++) {
        if (opened[i]?.reason === reason) return true
      }
      return false
    },
    prefixState(name) {
      const registered = state.byName.get(name)
      return registered && nameOfState(registered)
    },
    received(name, session) {
      const registered = state.byName.get(name)
      const from = state.sessionsByName.get(session)
      if (registered === undefined || from === undefined) return false
      const table = tableOf(from, registered.prefix.family)
      return table?.rib.has(registered.prefix) === true
    },
    validate(name) {
      const registered = caughtUp(name)
      if (registered === undefined) return undefined
      judge(registered)
      return verdict(state, registered)
    },
    routes(session, query) {
      const from = state.sessionsByName.get(session)
      return from && findRoutes(state, from, query)
    },
    announced(session, most) {
      const from = state.sessionsByName.get(session)
      return from && announcedPrefixes(from, most)
    },
    failing(session) {
      const from = state.sessionsByName.get(session)
      return from && failingPrefixes(state, from)
    },
    failingCounts: () => failingCounts(state),
    explain: (request) => explainAnnouncement(state, request),
    tallies(session) {
      const from = state.sessionsByName.get(session)
      return from && tallies(from)
    },
    tablesComplete(name) {
      const session = state.sessionsByName.get(name)
      if (session?.up !== true) return false
      return session.tables.every(
        (table) =>
          table === null ||
          table.complete ||
          !session.negotiated.includes(familyName(table.rib.family)),
      )
    },
    sessionNames: () => [...state.sessionsByName.keys()],
    ribRoutes: () => ribRoutes(state),
    ribAttributeSets: () => state.sets.count,
    stateCounts() {
      const counts = zeroes(prefixStateNames)
      for (const registered of state.registered) {
        if (registered !== undefined) counts[nameOfState(registered)]++
      }
      return counts
    },
    reasonCounts() {
      const counts = zeroes(findingReasons)
      for (const registered of state.registered) {
        if (registered === undefined) continue
        for (const reason of openReasons(registered)) counts[reason]++
      }
      return counts
    },
    memory: () => memory(state),
  }
}
