/** The matrix of a prefix: for each expected session, what each check says. */
import type { FindingJson, PrefixJson } from '../../api/prefix-schemas.ts'
import type { FindingReason } from '../../engine/types.ts'

/** A check and the reason that it gives when it fails; in the order in which one looks. */
export const checks = [
  { title: 'Up', reason: 'session-down' },
  { title: 'Well-formed', reason: 'malformed-update' },
  { title: 'Received', reason: 'not-received' },
  { title: 'Community', reason: 'missing-community' },
  { title: 'Path length', reason: 'as-path-too-long' },
  { title: 'Private AS', reason: 'private-asn' },
  { title: 'Bogon AS', reason: 'bogon-asn' },
  { title: 'Prepending', reason: 'as-path-prepended' },
  { title: 'Origin', reason: 'origin-mismatch' },
  { title: 'More-specifics', reason: 'overlapping-announcement' },
] as const satisfies readonly { title: string; reason: FindingReason }[]

export type CellState = 'ok' | 'error' | 'warning' | 'off' | 'unknown'

export interface Cell {
  readonly state: CellState
  /** What it says, in a few words. */
  readonly text: string
  /** Place of its finding among those of the prefix; -1: it has none. */
  readonly finding: number
}

export interface MatrixRow {
  readonly session: string
  readonly status: PrefixJson['sessions'][number]['status']
  readonly cells: readonly Cell[]
}

const unknown = (text: string): Cell => ({ state: 'unknown', text, finding: -1 })
const ok: Cell = { state: 'ok', text: 'passed', finding: -1 }

/** Whether the policy of the prefix has the check at all. */
function isOff({ policy, originAsns }: PrefixJson, reason: FindingReason): boolean {
  if (reason === 'missing-community') return policy.requiredCommunities.length === 0
  if (reason === 'bogon-asn') return policy.bogonAsn === 'off'
  if (reason === 'as-path-prepended') return policy.allowPrepending
  return reason === 'origin-mismatch' && originAsns.length === 0
}

const aboutTheSession: readonly FindingReason[] = [
  'session-down',
  'malformed-update',
  'not-received',
  'overlapping-announcement',
]

/** What a check without a finding says. */
function quietCell(
  prefix: PrefixJson,
  { status, route }: PrefixJson['sessions'][number],
  reason: FindingReason,
): Cell {
  if (isOff(prefix, reason)) return { state: 'off', text: 'not checked by policy', finding: -1 }
  if (status === 'pending') {
    return route === null ? unknown('waiting for the table') : ok
  }
  if (status === 'down') {
    return reason === 'session-down' ? unknown('waiting') : unknown('session down')
  }
  if (status === 'missing' && !aboutTheSession.includes(reason)) return unknown('no route')
  return ok
}

function worstFirst(a: MatrixRow, b: MatrixRow): number {
  const weight = ({ cells }: MatrixRow) =>
    cells.some(({ state }) => state === 'error')
      ? 0
      : cells.some(({ state }) => state === 'warning')
        ? 1
        : 2
  return weight(a) - weight(b)
}

/**
 * Lays the findings of a prefix out over its expected sessions.
 * @returns a row a session, those with errors first; the cells are in the order of `checks`
 */
export function matrixOf(prefix: PrefixJson): MatrixRow[] {
  const places = new Map<string, number>()
  prefix.findings.forEach(({ session, reason }, place) => {
    places.set(`${reason} ${session}`, place)
  })
  const rows = prefix.sessions.map((row): MatrixRow => {
    const cells = checks.map(({ reason }): Cell => {
      const place = places.get(`${reason} ${row.session}`) ?? -1
      const finding = prefix.findings[place]
      if (finding === undefined) return quietCell(prefix, row, reason)
      return { state: finding.severity, text: reason, finding: place }
    })
    return { session: row.session, status: row.status, cells }
  })
  return rows.sort(worstFirst)
}

/** Errors before warnings, those of the registration before those of a session, the latest first. */
export function sortFindings(findings: readonly FindingJson[]): FindingJson[] {
  const weight = ({ severity, session }: FindingJson) =>
    (severity === 'error' ? 0 : 2) + (session === null ? 0 : 1)
  return [...findings].sort((a, b) => weight(a) - weight(b) || (a.since < b.since ? 1 : -1))
}
