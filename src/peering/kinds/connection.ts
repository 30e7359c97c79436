/** Connections: the sessions of a peering, and the way from a request to service. */
import { mapping, printable } from '../../fields/readers.ts'
import {
  checkMessage,
  checkSession,
  leastStep,
  type SessionCheckResult,
} from '../connection-checks.ts'
import { demandRoom, demandSessions, pairsOf } from '../connection-rules.ts'
import {
  type PeeringOfConnection,
  peeringOf,
  sessionConfigs,
  sessionPairs,
  wantedSessions,
} from '../connection-sessions.ts'
import {
  type ConnectionEvent,
  type ConnectionState,
  isInService,
  runsSessions,
  step,
} from '../connection-state.ts'
import {
  type Directory,
  type Kind,
  type Operation,
  type Outcome,
  RefusedError,
  type Role,
  type RuleContext,
  type ShowContext,
} from '../kind.ts'
import type { Live } from '../live.ts'
import { peerKey } from '../session-claims.ts'
import { provisioningState } from './common.ts'
import {
  type Connection,
  type ConnectionSpec,
  type ConnectionStatus,
  connectionSpec,
  connectionView,
  type SessionStateText,
  sessionStates,
} from './connection-spec.ts'

type Result = Outcome<ConnectionSpec, ConnectionStatus>

function peeringFor(
  directory: Directory,
  { id, parent }: Pick<Connection, 'id' | 'parent'>,
): PeeringOfConnection {
  const peering = parent === null ? undefined : peeringOf(directory, parent)
  if (peering !== undefined) return peering
  throw new RefusedError('not-found', `The peering of the connection "${id}" is not there.`)
}

/** The status in the next state of an event; null: the event does not happen in this state. */
function after(
  status: ConnectionStatus,
  event: ConnectionEvent,
  now: number,
  errorMessage = '',
): ConnectionStatus | null {
  const connectionState = step(status.connectionState, event)
  if (connectionState === null) return null
  const restarts = connectionState === 'ProvisioningStarted'
  const keeps = isInService(status.connectionState) && isInService(connectionState)
  const fresh = event === 'retry' || event === 'provision' || event === 'readdressed'
  const began = restarts && (fresh || status.provisioningSince === null)
  const over = !['Validating', 'ProvisioningCompleted', 'ProvisioningStarted'].includes(
    connectionState,
  )
  return {
    ...status,
    connectionState,
    stateSince: now,
    provisioningSince: began ? now : over ? null : status.provisioningSince,
    errorMessage,
    admitted: keeps ? status.admitted : [],
    changing: keeps ? status.changing : [],
  }
}

/** What can be asked for in a state, for whoever asked for something else. */
const hints: Readonly<Record<ConnectionState, string>> = {
  None: 'it was rejected: change it and request approval again, or delete it',
  PendingApproval: 'it waits for an operator to approve or reject it',
  Approved: 'it waits for its sessions to come up',
  ProvisioningStarted: 'it waits for its sessions; an operator can block it',
  ProvisioningFailed: 'retry it, or delete it',
  ProvisioningCompleted: 'it is Active as soon as it was stable for long enough',
  Validating: 'its sessions are being checked',
  Active: 'it is in service',
  TypeChangeRequested: 'it waits for an operator to approve or reject the change',
  TypeChangeInProgress: 'it is being changed over',
  ExternalBlocker: 'an operator has to unblock it',
  PendingRemove: 'it is being deleted',
}

function refuseIn({ id, status }: Connection, what: string): never {
  const { connectionState: state } = status
  const message = `The connection "${id}" is ${state}, in which it cannot be ${what}: ${hints[state]}.`
  throw new RefusedError('not-possible', message)
}

function operation(
  summary: string,
  roles: readonly Role[],
  event: ConnectionEvent,
  what: string,
): Operation<ConnectionSpec, ConnectionStatus> {
  return {
    summary,
    roles,
    run(resource, _body, { now }) {
      const status = after(resource.status, event, now) ?? refuseIn(resource, what)
      return { spec: resource.spec, status }
    },
  }
}

const reasonBody = mapping(
  { reason: printable(1, 500).describe('Why, for the peer.') },
  'with reason',
)

function operationWithReason(
  summary: string,
  event: ConnectionEvent,
  what: string,
): Operation<ConnectionSpec, ConnectionStatus> {
  return {
    summary,
    roles: ['operator'],
    body: reasonBody,
    run(resource, body, { now }) {
      const { reason } = body as { reason: string }
      const status = after(resource.status, event, now, reason) ?? refuseIn(resource, what)
      // A rejected change of type is undone; the connection serves as before.
      if (resource.status.connectionState !== 'TypeChangeRequested') {
        return { spec: resource.spec, status }
      }
      const spec = {
        ...resource.spec,
        useForPeeringService: !resource.spec.useForPeeringService,
      }
      return { spec, status }
    },
  }
}

/** Sessions that are new, or have another peer or address of ours. */
function changedSessions(before: Connection, spec: ConnectionSpec, peering: PeeringOfConnection) {
  const identity = (connection: Pick<Connection, 'id' | 'spec'>) =>
    new Map(
      sessionPairs(connection, peering.spec).map(({ session, local, peer }) => [
        session,
        `${local} ${peer} ${connection.spec.peerPort}`,
      ]),
    )
  const earlier = identity(before)
  const now = identity({ id: before.id, spec })
  const changed = [...now].filter(([session, text]) => earlier.get(session) !== text)
  return { changed: changed.map(([session]) => session), names: [...now.keys()] }
}

function update(before: Connection, given: ConnectionSpec, context: RuleContext): Result {
  const peering = peeringFor(context.directory, before)
  const spec = demandSessions({ id: before.id, spec: given }, peering, context)
  const { changed, names } = changedSessions(before, spec, peering)
  const { connectionState } = before.status
  const still = (list: readonly string[]) =>
    list.filter((name) => names.includes(name) && !changed.includes(name))
  const admitted = still(before.status.admitted)
  const changing = [...still(before.status.changing), ...changed]
  let status: ConnectionStatus = {
    ...before.status,
    admitted,
    changing: isInService(connectionState) ? changing : [],
  }
  const noneLeft = isInService(connectionState) ? admitted.length === 0 : changed.length > 0
  if (noneLeft) status = after(status, 'readdressed', context.now) ?? status
  if (spec.useForPeeringService !== before.spec.useForPeeringService) {
    status = changeType(before, status, context)
  }
  return { spec, status }
}

/** What serves already is changed over only when an operator agrees. */
function changeType(
  before: Connection,
  status: ConnectionStatus,
  { now, declared }: RuleContext,
): ConnectionStatus {
  const { connectionState } = status
  if (!isInService(connectionState) || (declared && connectionState === 'Active')) return status
  if (connectionState === 'TypeChangeInProgress') refuseIn(before, 'changed over again')
  // Asked for, and taken back before an operator looked at it.
  const event = connectionState === 'TypeChangeRequested' ? 'reject' : 'typeChange'
  return after(status, event, now) ?? status
}

function checksOf(connection: Connection, directory: Directory, live: Live, now: number) {
  const peering = peeringFor(directory, connection)
  return sessionConfigs(connection, peering, live).map((config) => checkSession(config, live, now))
}

/** What the checks of the sessions mean for a connection that is not in service yet; null: nothing. */
function eventOf(
  { connectionState }: ConnectionStatus,
  checks: readonly SessionCheckResult[],
): ConnectionEvent | null {
  const least = leastStep(checks)
  const someUp = checks.some(({ step: reached }) => reached !== 'down')
  if (least === 'down') return someUp ? 'someUp' : 'notUp'
  if (connectionState === 'Approved' || connectionState === 'ProvisioningStarted') return 'allUp'
  if (connectionState === 'Validating') return least === 'up' ? null : 'checked'
  if (least === 'up') return 'unchecked'
  return least === 'stable' ? 'stable' : null
}

function advance(connection: Connection, context: RuleContext): Result | 'gone' | null {
  const { spec, status } = connection
  const { directory, live, now } = context
  if (status.connectionState === 'PendingRemove') {
    const running = pairsOf(spec).some(({ name }) => live.session(`${connection.id}/${name}`))
    return running ? null : 'gone'
  }
  if (!runsSessions(status.connectionState)) return null
  const checks = checksOf(connection, directory, live, now)
  const next = isInService(status.connectionState)
    ? serve(status, checks, now)
    : provision(status, checks, context)
  return next && { spec, status: next }
}

function provision(
  status: ConnectionStatus,
  checks: readonly SessionCheckResult[],
  { live, now }: RuleContext,
): ConnectionStatus | null {
  const event = eventOf(status, checks)
  const next = event && after(status, event, now)
  if (next?.connectionState === 'Active') {
    return { ...next, admitted: checks.map(({ session }) => session) }
  }
  if (next) return next
  const { provisioningSince } = status
  const patience = live.settings.provisioningSeconds * 1000
  if (provisioningSince === null || now - provisioningSince < patience) return null
  return after(status, 'late', now, checkMessage(checks))
}

/** New sessions of a connection in service join when their own checks pass. */
function serve(
  status: ConnectionStatus,
  checks: readonly SessionCheckResult[],
  now: number,
): ConnectionStatus | null {
  if (status.connectionState === 'TypeChangeInProgress' && leastStep(checks) === 'stable') {
    const names = checks.map(({ session }) => session)
    const next = after(status, 'stable', now)
    return next && { ...next, admitted: names, changing: [] }
  }
  const joined = checks
    .filter(({ session, step: reached }) => {
      return reached === 'stable' && !status.admitted.includes(session)
    })
    .map(({ session }) => session)
  if (joined.length === 0) return null
  return {
    ...status,
    admitted: [...status.admitted, ...joined],
    changing: status.changing.filter((session) => !joined.includes(session)),
  }
}

/** Which failed checks matter in a state: all of them, or of a connection in service those of new sessions. */
function liveMessage(connection: Connection, { directory, live, now }: ShowContext): string {
  const { connectionState, admitted, errorMessage } = connection.status
  if (errorMessage !== '' || !runsSessions(connectionState)) return errorMessage
  const checks = checksOf(connection, directory, live, now)
  const open =
    connectionState === 'Active' || connectionState === 'TypeChangeRequested'
      ? checks.filter(({ session }) => !admitted.includes(session))
      : checks
  return checkMessage(open)
}

function stateOfSession(connection: Connection, session: string, live: Live): SessionStateText {
  const { connectionState, changing } = connection.status
  if (connectionState === 'PendingRemove') return 'PendingRemove'
  const found = live.session(session)
  if (found === undefined) return 'PendingAdd'
  if (changing.includes(session) && found.stateName === 'Idle') return 'PendingUpdate'
  return found.stateName
}

function show(connection: Connection, context: ShowContext) {
  const { directory, live } = context
  const { md5AuthenticationKey, ...spec } = connection.spec
  const { admitted, connectionState, stateSince, connectionIdentifier } = connection.status
  const peering = peeringFor(directory, connection)
  const pairs = sessionPairs(connection, peering.spec)
  const sessions = pairs.map(({ session, family, local, peer }) => ({
    name: session,
    family,
    localAddress: local,
    peerAddress: peer,
    state: stateOfSession(connection, session, live),
    counts: isInService(connectionState) && admitted.includes(session),
  }))
  /** Of several sessions of a mesh the one that is least far. */
  const stateOf = (wanted: 'ipv4' | 'ipv6') => {
    const states = sessions.filter(({ family }) => family === wanted).map(({ state }) => state)
    return sessionStates.find((state) => states.includes(state)) ?? 'None'
  }
  const addresses = pairs.length <= 2 ? pairs.flatMap(addressEntries) : []
  return {
    connectionState,
    stateSince: new Date(stateSince).toISOString(),
    errorMessage: liveMessage(connection, context),
    connectionIdentifier,
    peeringLocation: peering.spec.peeringLocation,
    ...spec,
    ...(spec.peerSessionAddresses === undefined && Object.fromEntries(addresses)),
    sessionStateV4: stateOf('ipv4'),
    sessionStateV6: stateOf('ipv6'),
    sessions,
    md5Authentication: md5AuthenticationKey !== undefined,
    provisioningState: provisioningState(connection.deleting),
  }
}

function addressEntries(pair: { family: string; local: string | null; peer: string }) {
  const family = pair.family === 'ipv4' ? 'IPv4' : 'IPv6'
  return [
    [`peerSession${family}Address`, pair.peer],
    ...(pair.local === null ? [] : [[`microsoftSession${family}Address`, pair.local]]),
  ]
}

function remove(connection: Connection, { now }: RuleContext): Result | null {
  const { connectionState } = connection.status
  const status = after(connection.status, 'remove', now)
  if (status === null) {
    if (connectionState === 'PendingRemove') {
      return { spec: connection.spec, status: connection.status }
    }
    refuseIn(connection, 'deleted')
  }
  // Nothing runs that would have to end.
  return runsSessions(connectionState) ? { spec: connection.spec, status } : null
}

export const connectionKind: Kind<ConnectionSpec, ConnectionStatus> = {
  name: 'connection',
  title: 'connection',
  command: 'connection',
  segment: 'connections',
  parent: 'peering',
  spec: connectionSpec,
  view: connectionView,
  secret: ['md5AuthenticationKey'],
  fixed: {},
  writers: ['provider'],
  columns: [
    { title: 'State', value: ({ connectionState }) => String(connectionState) },
    { title: 'IPv4', value: ({ sessionStateV4 }) => String(sessionStateV4) },
    { title: 'IPv6', value: ({ sessionStateV6 }) => String(sessionStateV6) },
    { title: 'Location', value: ({ peeringLocation }) => String(peeringLocation) },
    { title: 'Message', value: ({ errorMessage }) => String(errorMessage) },
  ],
  example: {
    name: 'ams-1',
    parent: 'contoso-ams',
    spec: {
      sessionPrefixV4: '192.0.2.0/30',
      sessionPrefixV6: '2001:db8:0:1::/126',
      sessionAddressProvider: 'Peer',
      useForPeeringService: true,
    },
  },
  operations: {
    approve: operation(
      'Lets its sessions come up, deny-all until their checks pass; or agrees to a change of type.',
      ['operator'],
      'approve',
      'approved',
    ),
    reject: operationWithReason(
      'Refuses it, or a change of type, with a reason.',
      'reject',
      'rejected',
    ),
    request: operation(
      'Asks for approval again after it was rejected.',
      ['provider', 'operator'],
      'request',
      'requested',
    ),
    provision: operation(
      'Says that the peer is ready: from now on its sessions have to come up in time.',
      ['provider', 'operator'],
      'provision',
      'provisioned',
    ),
    retry: operation(
      'Provisions it once more after it failed.',
      ['provider', 'operator'],
      'retry',
      'retried',
    ),
    block: operationWithReason(
      'Stops its provisioning, because somebody else has to act first; its sessions go down.',
      'block',
      'blocked',
    ),
    unblock: operation('Lets its provisioning go on.', ['operator'], 'unblock', 'unblocked'),
  },
  create({ id, parent, spec }, context) {
    demandRoom(parent ?? '', context)
    const peering = peeringFor(context.directory, { id, parent })
    const status: ConnectionStatus = {
      connectionState: context.declared ? 'Approved' : 'PendingApproval',
      stateSince: context.now,
      provisioningSince: null,
      errorMessage: '',
      connectionIdentifier: context.newKey(),
      admitted: [],
      changing: [],
    }
    return { spec: demandSessions({ id, spec }, peering, context), status }
  },
  update,
  remove,
  show,
  index: ({ spec }) => ({ keys: pairsOf(spec).map(({ peer }) => peerKey(peer)) }),
  wanted: (connection, { directory, live }) => ({
    sessions: wantedSessions(connection, directory, live),
    registrations: [],
  }),
  advance,
}
