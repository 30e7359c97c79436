/** Where a connection stands, as a function: state and event to the next state. Not the state of BGP. */

/** Azure's ConnectionState, with the PendingRemove that its documentation adds. */
export const connectionStates = [
  'None',
  'PendingApproval',
  'Approved',
  'ProvisioningStarted',
  'ProvisioningFailed',
  'ProvisioningCompleted',
  'Validating',
  'Active',
  'TypeChangeRequested',
  'TypeChangeInProgress',
  'ExternalBlocker',
  'PendingRemove',
] as const
export type ConnectionState = (typeof connectionStates)[number]

/**
 * approve, reject, request, provision, retry, block, unblock, remove: somebody asks for it.
 * someUp, allUp, notUp: its sessions are Established. checked, unchecked: all checks but that of time pass.
 * stable: they have passed for long enough. late: too much time went by. readdressed: none of the sessions
 * that it has now was ever checked. typeChange: it is asked to serve for something else. removed: the
 * sessions are gone.
 */
export const connectionEvents = [
  'approve',
  'reject',
  'request',
  'provision',
  'retry',
  'block',
  'unblock',
  'remove',
  'someUp',
  'allUp',
  'notUp',
  'checked',
  'unchecked',
  'stable',
  'late',
  'readdressed',
  'typeChange',
] as const
export type ConnectionEvent = (typeof connectionEvents)[number]

type Row = Readonly<Partial<Record<ConnectionEvent, ConnectionState>>>

/** What leads where; whatever is not here does not happen. */
const transitions: Readonly<Record<ConnectionState, Row>> = {
  // Rejected.
  None: { request: 'PendingApproval', approve: 'Approved', remove: 'PendingRemove' },
  PendingApproval: { approve: 'Approved', reject: 'None', remove: 'PendingRemove' },
  // Its sessions are there, deny-all, and wait for the peer.
  Approved: {
    reject: 'None',
    provision: 'ProvisioningStarted',
    someUp: 'ProvisioningStarted',
    allUp: 'ProvisioningStarted',
    block: 'ExternalBlocker',
    remove: 'PendingRemove',
  },
  ProvisioningStarted: {
    allUp: 'Validating',
    late: 'ProvisioningFailed',
    block: 'ExternalBlocker',
  },
  Validating: {
    someUp: 'ProvisioningStarted',
    notUp: 'ProvisioningStarted',
    checked: 'ProvisioningCompleted',
    late: 'ProvisioningFailed',
    readdressed: 'ProvisioningStarted',
    block: 'ExternalBlocker',
    remove: 'PendingRemove',
  },
  ProvisioningCompleted: {
    someUp: 'ProvisioningStarted',
    notUp: 'ProvisioningStarted',
    unchecked: 'Validating',
    stable: 'Active',
    readdressed: 'ProvisioningStarted',
    block: 'ExternalBlocker',
  },
  ProvisioningFailed: {
    retry: 'ProvisioningStarted',
    readdressed: 'ProvisioningStarted',
    remove: 'PendingRemove',
  },
  // That a session goes down is the session's affair, and the prefixes' verdicts'.
  Active: {
    typeChange: 'TypeChangeRequested',
    readdressed: 'ProvisioningStarted',
    remove: 'PendingRemove',
  },
  TypeChangeRequested: {
    approve: 'TypeChangeInProgress',
    reject: 'Active',
    readdressed: 'ProvisioningStarted',
    remove: 'PendingRemove',
  },
  TypeChangeInProgress: {
    stable: 'Active',
    readdressed: 'ProvisioningStarted',
    remove: 'PendingRemove',
  },
  ExternalBlocker: { unblock: 'Approved', remove: 'PendingRemove' },
  PendingRemove: {},
}

/** @returns the next state, or null where the event does not happen or changes nothing */
export function step(state: ConnectionState, event: ConnectionEvent): ConnectionState | null {
  return transitions[state][event] ?? null
}

/** Whether the sessions of a connection are to run. */
export function runsSessions(state: ConnectionState): boolean {
  return !['None', 'PendingApproval', 'ExternalBlocker', 'PendingRemove'].includes(state)
}

/** Whether routes of sessions that were checked count. */
export function isInService(state: ConnectionState): boolean {
  return state === 'Active' || state === 'TypeChangeRequested' || state === 'TypeChangeInProgress'
}
