/** Rules of `listen.dynamic`: between ranges, and between a range and the sessions that are configured. */
import { isIP } from 'node:net'
import { coversPrefix, familyName, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, parseAddress } from '../prefix/text.ts'
import type { Endpoint } from './config.ts'
import type { Report } from './report.ts'
import { acceptedFamilies, checkNames, type Entry, reference } from './rules.ts'
import type { DynamicEntry, SessionEntry } from './schema.ts'

type Range = Entry<DynamicEntry>

/** @returns the most specific range with a password around a prefix, other than itself */
function lockedAround(prefix: Readonly<Prefix>, ranges: readonly Range[], itself?: Range) {
  return ranges
    .filter((each) => each !== itself && each.known.range && coversPrefix(each.known.range, prefix))
    .sort((a, b) => (b.known.range?.length ?? 0) - (a.known.range?.length ?? 0))
    .find(({ known }) => known.password !== undefined)
}

/** The kernel asks for the password of a range whatever stands in it without one of its own. */
function checkPasswords(
  ranges: readonly Range[],
  sessions: readonly Entry<SessionEntry>[],
  report: Report,
): void {
  const demand = (entry: Entry<object>, key: string, around: Range | undefined) => {
    if (around === undefined) return
    const text = `lies in ${reference(around, report)}, which has a password, expected a password here too`
    report.add([...entry.path, key], text)
  }
  for (const range of ranges) {
    if (range.known.password !== undefined || range.known.range === undefined) continue
    demand(range, 'range', lockedAround(range.known.range, ranges, range))
  }
  for (const session of sessions) {
    const { address, password } = session.known
    if (password !== undefined || address === undefined) continue
    demand(session, 'address', lockedAround(parseAddress(address), ranges))
  }
}

/** A session must not have the name that a peer of a range would get. */
function checkSessionNames(
  ranges: readonly Range[],
  sessions: readonly Entry<SessionEntry>[],
  report: Report,
): void {
  for (const { path, known } of sessions) {
    const taken = ranges.find(({ known: { name } }) => {
      if (name === undefined || known.name?.startsWith(`${name}-`) !== true) return false
      return isIP(known.name.slice(name.length + 1).replaceAll('_', ':')) !== 0
    })
    if (taken === undefined) continue
    const text = `is the name of a peer of ${reference(taken, report)}, expected another name`
    report.add([...path, 'name'], text)
  }
}

function checkRanges(ranges: readonly Range[], bgp: readonly Endpoint[], report: Report): void {
  const accepted = acceptedFamilies(bgp)
  const first = new Map<string, Range>()
  for (const entry of ranges) {
    const { range } = entry.known
    if (range === undefined) continue
    const path = [...entry.path, 'range']
    const text = formatPrefix(range)
    const earlier = first.get(text)
    if (earlier === undefined) first.set(text, entry)
    else report.add(path, `${text} is that of ${reference(earlier, report)}, expected it once`)
    const family = familyName(range.family)
    if (accepted.has(family)) continue
    report.add(path, `listen.bgp has no ${family} address on which its peers could connect`)
  }
}

/**
 * Applies the rules of ranges.
 * @param bgp where peers may connect to
 */
export function checkDynamic(
  ranges: readonly Range[],
  sessions: readonly Entry<SessionEntry>[],
  bgp: readonly Endpoint[],
  report: Report,
): void {
  checkNames(ranges, report)
  checkRanges(ranges, bgp, report)
  checkSessionNames(ranges, sessions, report)
  checkPasswords(ranges, sessions, report)
}
