/** What the sessions of a circuit's peering announce, against what they may announce. */
import type { EngineView } from '../engine/types.ts'
import { coversPrefix, type FamilyName, familyNames, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../prefix/text.ts'
import { announcedPrefixes } from './announced.ts'
import { linkedNetworks } from './circuit-links.ts'
import { prefixLimit, runningSessions } from './circuit-sessions.ts'
import type { CircuitFindingReason } from './circuit-words.ts'
import type { ShowContext } from './kind.ts'
import type {
  CircuitFinding,
  CircuitPeering,
  CircuitSession,
} from './kinds/circuit-peering-spec.ts'
import { spaceOf } from './kinds/virtual-network.ts'
import type { Live } from './live.ts'
import { specialBlockOf } from './special-purpose.ts'

/** Prefixes that a finding names. */
const NAMED = 20

/** What a session announces, and whether that is all of it. */
interface Announced {
  readonly session: CircuitSession
  readonly established: boolean
  /** Established, and its whole table is here. */
  readonly complete: boolean
  readonly prefixes: readonly Prefix[]
  /** The same as text. */
  readonly texts: ReadonlySet<string>
}

interface Kept {
  readonly mark: string
  readonly prefixes: readonly Prefix[]
  readonly texts: ReadonlySet<string>
}

/** What was read last of each session, and a text that changes when its table does. */
const kept = new WeakMap<EngineView, Map<string, Kept>>()

function readTable(live: Live, { name, family }: CircuitSession): Kept {
  const tallies = live.engine.tallies(name)
  const mark = `${tallies?.announced[family]} ${tallies?.withdrawn[family]} ${tallies?.prefixes[family]}`
  let tables = kept.get(live.engine)
  if (tables === undefined) {
    tables = new Map()
    kept.set(live.engine, tables)
  }
  const known = tables.get(name)
  if (known?.mark === mark) return known
  const prefixes = announcedPrefixes(live, name)
  const read = { mark, prefixes, texts: new Set(prefixes.map(formatPrefix)) }
  tables.set(name, read)
  return read
}

function announcedOf(peering: CircuitPeering, { directory, live }: ShowContext): Announced[] {
  return runningSessions(peering, directory).map((session) => {
    const { name } = session
    const established = live.session(name)?.stateName === 'Established'
    const { prefixes, texts } = readTable(live, session)
    return {
      session,
      established,
      complete: established && live.engine.tablesComplete(name),
      prefixes,
      texts,
    }
  })
}

function sentenceList(prefixes: readonly string[]): string {
  const more = prefixes.length > 3 ? ` and ${prefixes.length - 3} more` : ''
  return `${prefixes.slice(0, 3).join(', ')}${more}`
}

interface Said {
  readonly reason: CircuitFindingReason
  readonly severity?: CircuitFinding['severity']
  readonly sessions: readonly string[]
  readonly prefixes?: readonly string[]
  /** @param named the prefixes, in words */
  readonly message: (named: string) => string
  readonly action: string
}

function finding(said: Said): CircuitFinding {
  const { reason, severity = 'error', sessions, prefixes = [], message, action } = said
  return {
    reason,
    severity,
    sessions: [...sessions],
    message: message(sentenceList(prefixes)),
    action,
    prefixes: prefixes.slice(0, NAMED),
    count: prefixes.length,
  }
}

/** Prefixes that pass a test, each with the sessions that announce any of them. */
function pick(announced: readonly Announced[], test: (prefix: Prefix) => boolean) {
  const found = new Set<string>()
  const sessions: string[] = []
  for (const { session, prefixes } of announced) {
    const some = prefixes.filter(test)
    if (some.length > 0) sessions.push(session.name)
    for (const prefix of some) found.add(formatPrefix(prefix))
  }
  return { prefixes: [...found], sessions }
}

function isDefault({ length }: Readonly<Prefix>): boolean {
  return length === 0
}

/** Sessions that are down; one whose peer announced too much says so. */
function downFindings(
  peering: CircuitPeering,
  context: ShowContext,
  announced: readonly Announced[],
) {
  const limit = prefixLimit(peering, context.directory)
  return announced.flatMap(({ session: { name, link, family }, established }) => {
    if (established) return []
    const status = context.live.session(name)
    const closed = status?.lastError?.includes('(maxPrefixes)') === true
    const where = `The ${link.toLowerCase()} ${family} session`
    return closed
      ? [
          finding({
            reason: 'too-many-prefixes',
            sessions: [name],
            message: () => `${where} was closed: it announced more than ${limit} prefixes.`,
            action: `The customer announces at most ${limit} prefixes, aggregated where needed; the session comes back by itself.`,
          }),
        ]
      : [
          finding({
            reason: 'session-down',
            severity: 'warning',
            sessions: [name],
            message: () =>
              `${where} is ${status?.stateName ?? 'Idle'}${status?.lastError ? `: ${status.lastError}` : ''}.`,
            action:
              'Both sides look at addresses, AS number, VLAN and shared key of that link; without both links there is no redundancy.',
          }),
        ]
  })
}

function microsoftFindings(peering: CircuitPeering, announced: readonly Announced[], live: Live) {
  const found: CircuitFinding[] = []
  const add = (
    picked: { prefixes: string[]; sessions: string[] },
    said: Omit<Said, 'sessions'>,
  ) => {
    if (picked.prefixes.length > 0) found.push(finding({ ...said, ...picked }))
  }
  add(pick(announced, isDefault), {
    reason: 'default-route',
    message: (named) => `The customer announces the default route (${named}), which is not taken.`,
    action: 'The customer filters the default route towards this peering.',
  })
  const isPrivate = (prefix: Prefix) => {
    if (isDefault(prefix) || specialBlockOf(prefix) === undefined) return false
    return !live.settings.allowSpecialPurpose.some((each) => coversPrefix(each, prefix))
  }
  add(pick(announced, isPrivate), {
    reason: 'private-prefix',
    message: (named) => `The customer announces ${named}, not public, which is not taken.`,
    action:
      'The customer announces public prefixes alone here; private ones belong on private peering.',
  })
  const { validations } = peering.status
  const listed = new Map(validations.map((each) => [each.prefix, each]))
  const isUnlisted = (prefix: Prefix) =>
    !isDefault(prefix) && !isPrivate(prefix) && !listed.has(formatPrefix(prefix))
  add(pick(announced, isUnlisted), {
    reason: 'not-listed',
    message: (named) => `The customer announces ${named}, not among the advertisedPublicPrefixes.`,
    action: 'Add it to advertisedPublicPrefixes, or the customer stops announcing it.',
  })
  const unsure = validations.filter(({ validationState }) => validationState !== 'Configured')
  const decided = unsure.filter(({ validationState }) => validationState !== 'Configuring')
  if (decided.length > 0) {
    found.push(
      finding({
        reason: 'validation-needed',
        sessions: [],
        prefixes: decided.map(({ prefix }) => prefix),
        message: () =>
          decided
            .slice(0, 3)
            .map(({ message }) => message)
            .join(' '),
        action:
          'Do what the message says of each prefix; an operator approves by hand what no registry shows.',
      }),
    )
  }
  for (const family of familyNames) {
    const complete = announced.filter((each) => each.complete && each.session.family === family)
    const absent = validations
      .map(({ prefix }) => prefix)
      .filter((prefix) => prefix.includes(':') === (family === 'ipv6'))
      .filter((prefix) => !complete.some(({ texts }) => texts.has(prefix)))
    if (complete.length === 0 || absent.length === 0) continue
    found.push(
      finding({
        reason: 'not-received',
        sessions: complete.map(({ session }) => session.name),
        prefixes: absent,
        message: (named) => `${named} is listed, and the customer does not announce it.`,
        action:
          'The customer announces it on both links, or takes it out of advertisedPublicPrefixes.',
      }),
    )
  }
  return found
}

/** Whatever one link of a family announces and the other does not, as far as both are complete. */
function asymmetry(announced: readonly Announced[], family: FamilyName): CircuitFinding[] {
  const [one, other] = announced.filter((each) => each.session.family === family && each.complete)
  if (one === undefined || other === undefined) return []
  return [
    [one, other],
    [other, one],
  ].flatMap(([has, lacks]) => {
    if (has === undefined || lacks === undefined) return []
    const prefixes = [...has.texts].filter((text) => !lacks.texts.has(text))
    if (prefixes.length === 0) return []
    const [here, there] = [has, lacks].map(({ session }) => session.link.toLowerCase())
    return [
      finding({
        reason: 'asymmetric-announcement',
        severity: 'warning',
        sessions: [lacks.session.name],
        prefixes,
        message: (named) =>
          `${named} is announced on the ${here} link and not on the ${there} one.`,
        action: `The customer announces the same prefixes on both links; without, they are lost when the ${here} link fails.`,
      }),
    ]
  })
}

/** What private peering announces that meets a virtual network that is linked to the circuit. */
function overlaps(
  { parent }: CircuitPeering,
  announced: readonly Announced[],
  { directory }: ShowContext,
): CircuitFinding[] {
  return linkedNetworks(directory, parent).flatMap((network) => {
    const space = spaceOf(network)
    const meets = (prefix: Prefix) =>
      !isDefault(prefix) &&
      space.some((each) => coversPrefix(each, prefix) || coversPrefix(prefix, each))
    const { prefixes, sessions } = pick(announced, meets)
    if (prefixes.length === 0) return []
    const met = space.filter((each) =>
      prefixes.some((text) => {
        const prefix = parsePrefix(text)
        return coversPrefix(each, prefix) || coversPrefix(prefix, each)
      }),
    )
    return [
      finding({
        reason: 'overlapping-prefix',
        sessions,
        prefixes,
        message: (named) =>
          `The customer announces ${named}, which overlaps ${sentenceList(met.map(formatPrefix))} of the virtual network "${network.id}" linked to the circuit.`,
        action:
          'The customer announces only what lies outside the linked networks, or the link is deleted.',
      }),
    ]
  })
}

/** @returns what is wrong with a peering now, the gravest kinds first */
export function judgeCircuit(peering: CircuitPeering, context: ShowContext) {
  const announced = announcedOf(peering, context)
  const { live } = context
  const special =
    peering.spec.peeringType === 'MicrosoftPeering'
      ? microsoftFindings(peering, announced, live)
      : overlaps(peering, announced, context)
  const findings = [
    ...downFindings(peering, context, announced),
    ...special,
    ...familyNames.flatMap((family) => asymmetry(announced, family)),
  ]
  const counts = new Map(announced.map(({ session, texts }) => [session.name, texts.size]))
  return { findings, counts }
}
