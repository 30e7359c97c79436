/** Prefixes, routes, findings and events as the API shows them: times as ISO 8601, lists of our own. */
import type {
  Evidence,
  Explanation,
  Finding,
  FindingChange,
  FindingReason,
  Policy,
  PrefixSummary,
  PrefixVerdict,
  RouteView,
} from '../engine/types.ts'
import type { SessionFindingChange } from '../peering/session-findings.ts'
import type { DaemonEvent } from '../telemetry/event-log.ts'
import type { EventJson } from './event-schemas.ts'
import type {
  EvidenceJson,
  ExplanationJson,
  FindingJson,
  PolicyJson,
  PrefixJson,
  PrefixSummaryJson,
} from './prefix-schemas.ts'
import type { RouteJson } from './route-schemas.ts'
import { notificationView, shownIsoTime } from './session-view.ts'

export function policyView(policy: Policy): PolicyJson {
  return { ...policy, requiredCommunities: [...policy.requiredCommunities] }
}

export function routeView(route: RouteView): RouteJson {
  return {
    ...route,
    reasons: [...route.reasons],
    communities: [...route.communities],
    largeCommunities: [...route.largeCommunities],
    extendedCommunities: [...route.extendedCommunities],
    unknownAttributes: [...route.unknownAttributes],
    notes: [...route.notes],
    receivedAt: shownIsoTime(route.receivedAt),
  }
}

function evidenceView({ communities, routes, ...rest }: Evidence): EvidenceJson {
  return {
    ...rest,
    ...(communities && { communities: [...communities] }),
    ...(routes && { routes: [...routes] }),
  }
}

/** Path of the page on a reason. */
const reasonPage = (reason: FindingReason) => `/docs/findings/${reason}`

export function findingView(finding: Finding): FindingJson {
  return {
    ...finding,
    link: reasonPage(finding.reason),
    evidence: evidenceView(finding.evidence),
    since: shownIsoTime(finding.since),
  }
}

/** @param errorMessage all findings as sentences */
export function summaryView(summary: PrefixSummary, errorMessage: string): PrefixSummaryJson {
  const { name, prefix, family, owner, state, since, reasons } = summary
  return {
    name,
    prefix,
    family,
    owner,
    state,
    since: shownIsoTime(since),
    reasons: [...reasons],
    errorMessage,
  }
}

export function prefixView(verdict: PrefixVerdict): PrefixJson {
  return {
    ...summaryView(verdict, verdict.errorMessage),
    originAsns: [...verdict.originAsns],
    policy: policyView(verdict.policy),
    findings: verdict.findings.map(findingView),
    sessions: verdict.sessions.map(({ session, status, route }) => ({
      session,
      status,
      route: route === undefined ? null : routeView(route),
    })),
  }
}

export function explanationView(explanation: Explanation): ExplanationJson {
  return {
    ...explanation,
    findings: explanation.findings.map((finding) => ({
      ...finding,
      link: reasonPage(finding.reason),
      evidence: evidenceView(finding.evidence),
    })),
    policy: policyView(explanation.policy),
  }
}

function changeView({ reason, severity, session, message, duration }: FindingChange) {
  const change = { reason, severity, session, message }
  return duration === undefined ? change : { ...change, durationSeconds: duration / 1000 }
}

function sessionChangeView({ reason, severity, message, duration }: SessionFindingChange) {
  const change = { reason, severity, message }
  return duration === undefined ? change : { ...change, durationSeconds: duration / 1000 }
}

export function eventView(event: DaemonEvent): EventJson {
  const time = shownIsoTime(event.time)
  if (event.kind === 'session') {
    const { notification, opened, closed, ...rest } = event
    return {
      ...rest,
      time,
      ...(notification && { notification: notificationView(notification) }),
      ...(opened && { opened: opened.map(sessionChangeView) }),
      ...(closed && { closed: closed.map(sessionChangeView) }),
    }
  }
  const { duration, opened, closed, ...rest } = event
  return {
    ...rest,
    time,
    durationSeconds: duration / 1000,
    opened: opened.map(changeView),
    closed: closed.map(changeView),
  }
}
