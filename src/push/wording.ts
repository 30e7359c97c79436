/** Notices in words. */
import type { FindingChange } from '../engine/types.ts'
import { formatDuration } from '../telemetry/duration.ts'

/** What the words are about. */
export interface Spoken {
  readonly about: 'prefix' | 'session'
  readonly name: string
  readonly prefix: string | undefined
  readonly causes: ReadonlyMap<string, FindingChange>
  /** Why a session was lost. */
  readonly detail: string
  /** It is no longer registered. */
  readonly gone: boolean
}

/** Names in a title; the rest are counted. */
const NAMED = 3

function plural(count: number, about: Spoken['about']): string {
  if (about === 'session') return count === 1 ? 'session' : 'sessions'
  return count === 1 ? 'prefix' : 'prefixes'
}

/** `prefix web (198.51.100.0/24)`, `312 prefixes (web, mail, shop, …)`. */
function subjects(group: readonly Spoken[]): string {
  const [first] = group
  if (first === undefined) return ''
  const noun = plural(group.length, first.about)
  if (group.length === 1) {
    return `${noun} ${first.name}${first.prefix === undefined ? '' : ` (${first.prefix})`}`
  }
  const names = group.slice(0, NAMED).map(({ name }) => name)
  return `${group.length} ${noun} (${names.join(', ')}${group.length > NAMED ? ', …' : ''})`
}

/** `missing-community on edge-a`, each once. */
function causes(group: readonly Spoken[]): string {
  const said = new Set<string>()
  for (const subject of group) {
    for (const { reason, session } of subject.causes.values()) {
      said.add(session === null ? reason : `${reason} on ${session}`)
    }
    if (said.size > NAMED) break
  }
  const all = [...said]
  const rest = all.length > NAMED ? ', …' : ''
  return `${all.slice(0, NAMED).join(', ')}${rest}`
}

/** Why one of them is not well, in sentences. */
export function whyOf({ causes, detail }: Spoken): string {
  return [...causes.values()].map(({ message }) => message).join(' ') || detail
}

/** @param affected prefixes that the loss of a session touches */
export function failedTitle(group: readonly Spoken[], affected: number): string {
  const [first] = group
  if (first?.about === 'session') {
    const touched = affected > 0 ? `, ${affected} ${plural(affected, 'prefix')} with it` : ''
    return `${subjects(group)} is down${touched}: ${first.detail}`
  }
  const why = causes(group)
  return `${subjects(group)} ${group.length === 1 ? 'fails' : 'fail'}${why && `: ${why}`}`
}

/** @param duration of the longest, milliseconds */
export function recoveredTitle(group: readonly Spoken[], duration: number): string {
  const lasted = formatDuration(duration)
  const [first] = group
  const are = group.length === 1 ? 'is' : 'are'
  const well = first?.about === 'session' ? `${are} up again` : 'recovered'
  const is = first?.gone === true ? `${are} no longer registered: over` : well
  const most = group.length > 1 ? 'at most ' : ''
  return `${subjects(group)} ${is} after ${most}${lasted}`
}

/** @param quiet milliseconds without a change after which it is told of again */
export function flappingTitle(group: readonly Spoken[], quiet: number): string {
  const goes = group.length === 1 ? 'goes' : 'go'
  const pause = formatDuration(quiet)
  return `${subjects(group)} ${goes} up and down; no more word of it until it is quiet for ${pause}`
}
