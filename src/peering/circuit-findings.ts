/** All that is wrong with a circuit's peering, for whoever looks at it. */
import { absentPrefixes, judgeCircuit, named, sessionWords, startOf } from './circuit-judgement.ts'
import { runningSessions } from './circuit-sessions.ts'
import type { ShowContext } from './kind.ts'
import type { CircuitFinding, CircuitPeering } from './kinds/circuit-peering-spec.ts'

/** Sessions that are not up, besides those that were closed for what they announced. */
function downFindings(
  peering: CircuitPeering,
  closed: readonly string[],
  { directory, live }: ShowContext,
): CircuitFinding[] {
  return runningSessions(peering, directory).flatMap((session) => {
    const { name } = session
    const status = live.session(name)
    if (status?.stateName === 'Established' || closed.includes(name)) return []
    const why = status?.lastError ? `: ${status.lastError.replace(/\.$/, '')}` : ''
    const words = startOf(sessionWords(session))
    return [
      {
        reason: 'session-down',
        severity: 'warning',
        session: name,
        message: `${words} is ${status?.stateName ?? 'Idle'}${why}.`,
        action:
          'Both sides compare addresses, AS number, VLAN and shared key of that link; while it is down nothing backs up the other one.',
        prefixes: [],
        count: 0,
      },
    ]
  })
}

/** What is wrong with the list of prefixes itself. */
function listFindings(peering: CircuitPeering, context: ShowContext): CircuitFinding[] {
  const { validations } = peering.status
  const open = validations.filter(
    ({ validationState: state }) => state !== 'Configured' && state !== 'Configuring',
  )
  const absent = absentPrefixes(peering, context)
  const about = (prefixes: readonly string[]) => ({
    severity: 'error' as const,
    session: null,
    prefixes: prefixes.slice(0, 20),
    count: prefixes.length,
  })
  return [
    ...(open.length === 0
      ? []
      : [
          {
            reason: 'validation-needed' as const,
            ...about(open.map(({ prefix }) => prefix)),
            message: open
              .slice(0, 3)
              .map(({ message }) => message)
              .join(' '),
            action:
              'The customer does what the message says; an operator approves by hand what no registry shows.',
          },
        ]),
    ...(absent.length === 0
      ? []
      : [
          {
            reason: 'not-received' as const,
            ...about(absent),
            message: `The customer lists ${named(absent)} in advertisedPublicPrefixes, and announces it on no link.`,
            action:
              'The customer announces it on both links, or takes it out of advertisedPublicPrefixes.',
          },
        ]),
  ]
}

/** @returns all that is wrong with a peering now: its sessions, its list, then what is announced */
export function findingsOf(peering: CircuitPeering, context: ShowContext): CircuitFinding[] {
  const announced = judgeCircuit(peering, context)
  const closed = announced.filter(({ reason }) => reason === 'too-many-prefixes')
  return [
    ...downFindings(
      peering,
      closed.map(({ session }) => session),
      context,
    ),
    ...listFindings(peering, context),
    ...announced.map((each) => ({ ...each, prefixes: [...each.prefixes] })),
  ]
}
