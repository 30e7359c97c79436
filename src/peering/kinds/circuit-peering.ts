/** Private and Microsoft peering of a circuit: a session on each link for each family, judged together. */
import { listOf, mapping, printable } from '../../fields/readers.ts'
import { parsePrefix } from '../../prefix/text.ts'
import { findingsOf } from '../circuit-findings.ts'
import { announcedCount, circuitReasons, judgeCircuit } from '../circuit-judgement.ts'
import {
  advertisedState,
  beginValidations,
  continueValidations,
  ownerAsn,
} from '../circuit-ownership.ts'
import { demandPeering, demandUsable } from '../circuit-rules.ts'
import {
  circuitSessions,
  prefixLimit,
  runningSessions,
  sessionConfig,
} from '../circuit-sessions.ts'
import {
  type Directory,
  type Kind,
  type Operation,
  RefusedError,
  type RuleContext,
  type ShowContext,
} from '../kind.ts'
import type { Live } from '../live.ts'
import { peerKey } from '../session-claims.ts'
import {
  type CircuitPeering,
  type CircuitPeeringSpec,
  type CircuitPeeringStatus,
  circuitPeeringSpec,
  circuitPeeringView,
  type Validation,
} from './circuit-peering-spec.ts'
import { prefixText, provisioningState } from './common.ts'

type PeeringOperation = Operation<CircuitPeeringSpec, CircuitPeeringStatus>

const decisionBody = mapping(
  {
    reason: printable(1, 500).describe('What it rests on, for the audit log.'),
    prefixes: listOf(prefixText, 'prefixes')
      .default([])
      .describe('Which of the advertised prefixes; all that are not Configured if absent.'),
  },
  'with reason',
)

/** An operator decides about prefixes by hand. */
function decision(
  summary: string,
  validationState: 'Configured' | 'ValidationFailed',
  word: string,
): PeeringOperation {
  return {
    summary,
    roles: ['operator'],
    body: decisionBody,
    run({ id, spec, status }, body, { principal }) {
      const { reason, prefixes } = body as { reason: string; prefixes: readonly string[] }
      const unknown = prefixes.find((each) => !spec.advertisedPublicPrefixes.includes(each))
      if (unknown !== undefined) {
        const message = `${unknown} is not among the advertisedPublicPrefixes of "${id}".`
        throw new RefusedError('invalid', message, { place: 'prefixes' })
      }
      const isMeant = (each: Validation) =>
        prefixes.length === 0
          ? each.validationState !== 'Configured'
          : prefixes.includes(each.prefix)
      if (!status.validations.some(isMeant)) {
        const message = `No advertised prefix of "${id}" waits for a decision.`
        throw new RefusedError('not-possible', message)
      }
      const message = `${word} by ${principal.name}: ${reason}`
      const validations = status.validations.map((each) =>
        isMeant(each) ? { ...each, validationState, message, byHand: true } : each,
      )
      return { spec, status: { validations } }
    },
  }
}

function switching(summary: string, state: CircuitPeeringSpec['state']): PeeringOperation {
  return {
    summary,
    roles: ['operator', 'customer', 'provider'],
    run({ parent, spec, status }, _body, { directory }) {
      if (state === 'Enabled') demandUsable(parent, directory)
      return { spec: { ...spec, state }, status }
    },
  }
}

/** Whether who owns the prefixes has to be found out anew. */
function isOtherClaim(before: CircuitPeeringSpec, after: CircuitPeeringSpec): boolean {
  const claim = (spec: CircuitPeeringSpec) =>
    JSON.stringify([
      [...spec.advertisedPublicPrefixes].sort(),
      ownerAsn(spec),
      spec.routingRegistryName,
    ])
  return claim(before) !== claim(after)
}

function remove({ id, parent, spec }: CircuitPeering, { directory }: RuleContext): null {
  const [link] =
    spec.peeringType === 'AzurePrivatePeering' ? directory.all('circuitLink', parent ?? '') : []
  if (link === undefined) return null
  const message = `The peering "${id}" carries the link "${link.id}" to a virtual network; delete that link first.`
  throw new RefusedError('not-possible', message, { conflictsWith: link.id })
}

function showValidation({ byHand: _, begunAt: __, ...shown }: Validation, live: Live) {
  const reading = shown.validationState === 'Configuring' ? live.reading() : null
  if (reading === null) return shown
  return { ...shown, message: `It waits for routing-registry data: ${reading}.` }
}

function show(peering: CircuitPeering, context: ShowContext) {
  const { directory, live } = context
  const { sharedKey, ...spec } = peering.spec
  const findings = findingsOf(peering, context)
  const running = new Set(runningSessions(peering, directory).map(({ name }) => name))
  const sessions = circuitSessions(peering).map((session) => {
    const { name, link, family, local, peer } = session
    const state = running.has(name) ? (live.session(name)?.stateName ?? 'PendingAdd') : 'None'
    const prefixes = announcedCount(live, session)
    return { name, link, family, localAddress: local, peerAddress: peer, state, prefixes }
  })
  const { validations } = peering.status
  return {
    ...spec,
    azureASN: live.local.asn,
    md5Authentication: sharedKey !== undefined,
    advertisedPublicPrefixesState: advertisedState(validations),
    advertisedPublicPrefixProperties: validations.map((each) => showValidation(each, live)),
    prefixLimit: prefixLimit(peering, directory),
    sessions,
    findings,
    errorMessage: findings.map(({ message }) => message).join(' '),
    provisioningState: provisioningState(peering.deleting),
  }
}

/** Whose the advertised prefixes of a circuit are: those of one owner may overlap. */
function partyOf(owner: string | null): string {
  return owner ?? 'circuits'
}

/** Prefixes whose owner is known are judged on each link by the engine, like registered ones. */
function registrationsOf(peering: CircuitPeering, directory: Directory) {
  const { id, spec, status, owner } = peering
  const sessions = runningSessions(peering, directory)
  return status.validations.flatMap(({ prefix: text, validationState }) => {
    const expected = sessions.filter(({ family }) => text.includes(':') === (family === 'ipv6'))
    if (validationState !== 'Configured' || expected.length === 0) return []
    return [
      {
        name: `${id}/${text.replace('/', '-')}`,
        prefix: parsePrefix(text),
        originAsns: [...new Set([spec.peerASN, ownerAsn(spec)])],
        owner: partyOf(owner),
        sessions: expected.map(({ name }) => name),
        stripPrivateAsns: true,
        // Neither communities of the customer nor the length of a path matter here.
        policy: { requiredCommunities: [], maxAsPathLength: 255, allowPrepending: true },
      },
    ]
  })
}

export const circuitPeeringKind: Kind<CircuitPeeringSpec, CircuitPeeringStatus> = {
  name: 'circuitPeering',
  title: 'circuit peering',
  command: 'circuit-peering',
  segment: 'circuitPeerings',
  parent: 'circuit',
  spec: circuitPeeringSpec,
  view: circuitPeeringView,
  secret: ['sharedKey'],
  fixed: {
    peeringType: 'The type of a peering cannot change; delete it and create another.',
  },
  writers: ['customer', 'provider'],
  columns: [
    { title: 'Type', value: ({ peeringType }) => String(peeringType) },
    { title: 'State', value: ({ state }) => String(state) },
    { title: 'VLAN', value: ({ vlanId }) => String(vlanId) },
    { title: 'Peer', value: ({ peerASN }) => `AS${String(peerASN)}` },
    {
      title: 'Sessions',
      value({ sessions }) {
        const states = (sessions as { state: string }[]).map(({ state }) => state)
        return `${states.filter((state) => state === 'Established').length}/${states.length} up`
      },
    },
    {
      title: 'Prefixes',
      value: ({ peeringType, advertisedPublicPrefixesState: state }) =>
        peeringType === 'MicrosoftPeering' ? String(state) : '',
    },
    { title: 'Message', value: ({ errorMessage }) => String(errorMessage) },
  ],
  example: {
    name: 'microsoft',
    parent: 'er-ams',
    spec: {
      peeringType: 'MicrosoftPeering',
      peerASN: 64501,
      vlanId: 300,
      primaryPeerAddressPrefix: '203.0.113.0/30',
      secondaryPeerAddressPrefix: '203.0.113.4/30',
      advertisedPublicPrefixes: ['198.51.100.0/24'],
      routingRegistryName: 'RIPENCC',
    },
  },
  operations: {
    enable: switching('Lets its sessions run.', 'Enabled'),
    disable: switching('Ends its sessions; the configuration stays.', 'Disabled'),
    approve: decision(
      'Decides by hand that the advertised prefixes belong to the customer.',
      'Configured',
      'Approved',
    ),
    reject: decision(
      'Decides by hand that advertised prefixes do not belong to the customer.',
      'ValidationFailed',
      'Rejected',
    ),
    validate: {
      summary: 'Checks anew whose the advertised prefixes are, also those decided by hand.',
      roles: ['operator', 'customer', 'provider'],
      run: ({ spec }, _body, { now }) => ({
        spec,
        status: { validations: beginValidations(spec, now) },
      }),
    },
  },
  create(draft, context) {
    demandUsable(draft.parent, context.directory)
    demandPeering(draft, context)
    return { spec: draft.spec, status: { validations: beginValidations(draft.spec, context.now) } }
  },
  update(before, spec, context) {
    demandUsable(before.parent, context.directory)
    demandPeering({ ...before, spec }, context)
    const status = isOtherClaim(before.spec, spec)
      ? { validations: beginValidations(spec, context.now) }
      : before.status
    return { spec, status }
  },
  remove,
  show,
  peek: ({ status }, key) =>
    key === 'advertisedPublicPrefixesState' ? advertisedState(status.validations) : undefined,
  index: (peering) => ({ keys: circuitSessions(peering).map(({ peer }) => peerKey(peer)) }),
  wanted(peering, { directory, live }) {
    const sessions = runningSessions(peering, directory).map((session) => ({
      config: sessionConfig(session, peering, directory, live),
      counts: peering.spec.peeringType === 'MicrosoftPeering' && ('named' as const),
    }))
    return { sessions, registrations: registrationsOf(peering, directory) }
  },
  judges: { reasons: circuitReasons, findings: judgeCircuit },
  follows: { circuit: 'any' },
  advance({ spec, status }, { live }) {
    const validations = continueValidations(spec, status.validations, live)
    return validations === status.validations ? null : { spec, status: { validations } }
  },
}
