/** What the sessions of a circuit's peering announce, against what they may announce. */
import type { EngineView } from '../engine/types.ts'
import { comparePrefix, coversPrefix, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { announcedPrefixes } from './announced.ts'
import { firstOverlap, linkedNetworks } from './circuit-links.ts'
import { prefixLimit, runningSessions } from './circuit-sessions.ts'
import type { Directory, SessionFinding, SessionFindingReason, WantContext } from './kind.ts'
import type { CircuitPeering, CircuitSession } from './kinds/circuit-peering-spec.ts'
import { spaceOf, type VirtualNetwork } from './kinds/virtual-network.ts'
import type { Live } from './live.ts'
import { specialBlockOf } from './special-purpose.ts'

/** Reasons that what a circuit's sessions announce is judged by. */
export const circuitReasons = [
  'too-many-prefixes',
  'default-route',
  'private-prefix',
  'not-listed',
  'overlapping-network',
  'asymmetric-announcement',
] as const satisfies readonly SessionFindingReason[]

/** Prefixes that a finding names. */
const NAMED = 20

/** A table as it was read last. */
interface Table {
  /** Changes when the table does. */
  readonly mark: string
  readonly prefixes: readonly Prefix[]
  /** The same as text. */
  readonly texts: ReadonlySet<string>
}

/** What a session announces, and whether that is all of it. */
interface Announced extends Table {
  readonly session: CircuitSession
  readonly complete: boolean
}

const kept = new WeakMap<EngineView, Map<string, Table>>()

function readTable(live: Live, { name, family }: CircuitSession): Table {
  const tallies = live.engine.tallies(name)
  const counts = [tallies?.announced, tallies?.withdrawn, tallies?.prefixes]
  const mark = counts.map((each) => each?.[family]).join(' ')
  const tables = kept.get(live.engine) ?? new Map<string, Table>()
  kept.set(live.engine, tables)
  const known = tables.get(name)
  if (known?.mark === mark) return known
  const prefixes = [...announcedPrefixes(live, name)].sort(comparePrefix)
  const read = { mark, prefixes, texts: new Set(prefixes.map(formatPrefix)) }
  tables.set(name, read)
  return read
}

function announcedOf(peering: CircuitPeering, directory: Directory, live: Live): Announced[] {
  return runningSessions(peering, directory).map((session) => {
    const { name, family } = session
    const up = live.session(name)?.stateName === 'Established'
    const complete = up && live.engine.tallies(name)?.complete[family] === true
    return { ...readTable(live, session), session, complete }
  })
}

/** @returns prefixes of a family that are listed, announced on no link, and not to be waited for */
export function absentPrefixes(
  peering: CircuitPeering,
  { directory, live }: WantContext,
): readonly string[] {
  const announced = announcedOf(peering, directory, live).filter(({ complete }) => complete)
  return peering.spec.advertisedPublicPrefixes.filter((text) => {
    const family = text.includes(':') ? 'ipv6' : 'ipv4'
    const there = announced.filter(({ session }) => session.family === family)
    return there.length > 0 && !there.some(({ texts }) => texts.has(text))
  })
}

/** `198.51.100.0/24, 203.0.113.0/24 and 3 more`. */
export function named(prefixes: readonly string[]): string {
  const more = prefixes.length > 3 ? ` and ${prefixes.length - 3} more` : ''
  return `${prefixes.slice(0, 3).join(', ')}${more}`
}

/** `the primary IPv4 session`. */
export function sessionWords({ link, family }: Pick<CircuitSession, 'link' | 'family'>): string {
  return `the ${link.toLowerCase()} ${family === 'ipv4' ? 'IPv4' : 'IPv6'} session`
}

/** Words as a sentence begins. */
export function startOf(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

type Said = Pick<SessionFinding, 'reason' | 'message' | 'action'> &
  Partial<Pick<SessionFinding, 'severity'>>

function finding(session: CircuitSession, prefixes: readonly string[], said: Said): SessionFinding {
  return {
    reason: said.reason,
    severity: said.severity ?? 'error',
    session: session.name,
    message: said.message,
    action: said.action,
    prefixes: prefixes.slice(0, NAMED),
    count: prefixes.length,
  }
}

function isDefault({ length }: Readonly<Prefix>): boolean {
  return length === 0
}

/** What the session of Microsoft peering announces that it does not take. */
function microsoftFindings(
  { session, prefixes }: Announced,
  listed: ReadonlySet<string>,
  live: Live,
): SessionFinding[] {
  const allowed = live.settings.allowSpecialPurpose
  const defaults: string[] = []
  const notPublic: string[] = []
  const unlisted: string[] = []
  for (const prefix of prefixes) {
    const text = formatPrefix(prefix)
    if (isDefault(prefix)) defaults.push(text)
    else if (specialBlockOf(prefix) && !allowed.some((each) => coversPrefix(each, prefix))) {
      notPublic.push(text)
    } else if (!listed.has(text)) unlisted.push(text)
  }
  const where = `On ${sessionWords(session)} the customer announces`
  const found: SessionFinding[] = []
  if (defaults.length > 0) {
    found.push(
      finding(session, defaults, {
        reason: 'default-route',
        message: `${where} the default route, which Microsoft peering does not take.`,
        action: 'The customer filters the default route towards this peering.',
      }),
    )
  }
  if (notPublic.length > 0) {
    found.push(
      finding(session, notPublic, {
        reason: 'private-prefix',
        message: `${where} ${named(notPublic)}, not public, which Microsoft peering does not take.`,
        action:
          'The customer announces public prefixes alone here; others belong on private peering.',
      }),
    )
  }
  if (unlisted.length > 0) {
    found.push(
      finding(session, unlisted, {
        reason: 'not-listed',
        message: `${where} ${named(unlisted)}, not among the advertisedPublicPrefixes.`,
        action: 'Add it to advertisedPublicPrefixes, or the customer stops announcing it.',
      }),
    )
  }
  return found
}

/** An announced prefix, and what it meets of a linked network. */
interface Meeting {
  readonly text: string
  readonly other: Readonly<Prefix>
  readonly network: string
}

/** What was found of a table last, and the networks that were linked then. */
const lastMet = new WeakMap<readonly Prefix[], { networks: string; met: readonly Meeting[] }>()

/** Tables are large and seldom change: each is compared once with the same networks. */
function meetingsOf(
  prefixes: readonly Prefix[],
  linked: readonly VirtualNetwork[],
  directory: Directory,
): readonly Meeting[] {
  if (linked.length === 0) return []
  const networks = linked.map(({ id, version }) => `${id} ${version}`).join('/')
  const known = lastMet.get(prefixes)
  if (known?.networks === networks) return known.met
  const ids = new Set(linked.map(({ id }) => id))
  const met = prefixes.flatMap((prefix) => {
    if (isDefault(prefix)) return []
    return directory.meeting('virtualNetwork', prefix).flatMap((each): Meeting[] => {
      const network = each as unknown as VirtualNetwork
      const found = ids.has(network.id) && firstOverlap([prefix], spaceOf(network))
      if (!found) return []
      return [{ text: formatPrefix(prefix), other: found.other, network: network.id }]
    })
  })
  lastMet.set(prefixes, { networks, met })
  return met
}

/** What private peering announces that meets a virtual network that is linked to the circuit. */
function privateFindings(
  { session, prefixes }: Announced,
  { parent }: CircuitPeering,
  directory: Directory,
): SessionFinding[] {
  const met = meetingsOf(prefixes, linkedNetworks(directory, parent), directory)
  const [first] = met
  if (first === undefined) return []
  const texts = [...new Set(met.map(({ text }) => text))]
  return [
    finding(session, texts, {
      reason: 'overlapping-network',
      message: `On ${sessionWords(session)} the customer announces ${named(texts)}; ${first.text} overlaps ${formatPrefix(first.other)} of the virtual network "${first.network}", which is linked to the circuit.`,
      action:
        'The customer announces only what lies outside the linked networks, or the link is deleted.',
    }),
  ]
}

/** What one link announces and the other does not, as far as both tables are complete. */
function asymmetry(here: Announced, announced: readonly Announced[]): SessionFinding[] {
  const { session, complete, texts } = here
  const other = announced.find(
    (each) => each.session.family === session.family && each.session.link !== session.link,
  )
  if (!complete || other?.complete !== true) return []
  const missing = [...other.texts].filter((text) => !texts.has(text))
  if (missing.length === 0) return []
  const there = other.session.link.toLowerCase()
  return [
    finding(session, missing, {
      reason: 'asymmetric-announcement',
      severity: 'warning',
      message: `${startOf(sessionWords(session))} lacks ${named(missing)}, which the ${there} one has.`,
      action: `The customer announces the same prefixes on both links; as it is, they are lost when the ${there} link fails.`,
    }),
  ]
}

/** A session that was closed because its peer announced more than agreed. */
function tooMany(
  session: CircuitSession,
  peering: CircuitPeering,
  { directory, live }: WantContext,
): SessionFinding[] {
  const status = live.session(session.name)
  if (status?.stateName === 'Established') return []
  if (status?.lastError?.includes('(maxPrefixes)') !== true) return []
  const limit = prefixLimit(peering, directory)
  return [
    finding(session, [], {
      reason: 'too-many-prefixes',
      message: `${startOf(sessionWords(session))} was closed, because the customer announced more than ${limit} prefixes.`,
      action: `The customer announces ${limit} prefixes at most; the session then comes back by itself.`,
    }),
  ]
}

/** @returns what is wrong with what the sessions of a peering announce, in the order of the sessions */
export function judgeCircuit(peering: CircuitPeering, context: WantContext): SessionFinding[] {
  const { directory, live } = context
  const announced = announcedOf(peering, directory, live)
  const listed = new Set(peering.spec.advertisedPublicPrefixes)
  const isMicrosoft = peering.spec.peeringType === 'MicrosoftPeering'
  return announced.flatMap((each) => [
    ...tooMany(each.session, peering, context),
    ...(isMicrosoft
      ? microsoftFindings(each, listed, live)
      : privateFindings(each, peering, directory)),
    ...asymmetry(each, announced),
  ])
}

/** @returns how many prefixes a session announces */
export function announcedCount(live: Live, { name, family }: CircuitSession): number {
  return live.engine.tallies(name)?.prefixes[family] ?? 0
}
