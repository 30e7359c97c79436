import { expect, test } from 'vitest'
import {
  type ConnectionEvent,
  type ConnectionState,
  connectionEvents,
  connectionStates,
  isInService,
  runsSessions,
  step,
} from '../../src/peering/connection-state.ts'

/** The way of a connection as docs/registry.md tells it: `state event -> state`; all else stays. */
const expected = `
PendingApproval approve -> Approved
PendingApproval reject -> None
PendingApproval remove -> PendingRemove
None request -> PendingApproval
None approve -> Approved
None remove -> PendingRemove
Approved reject -> None
Approved provision -> ProvisioningStarted
Approved someUp -> ProvisioningStarted
Approved allUp -> ProvisioningStarted
Approved block -> ExternalBlocker
Approved remove -> PendingRemove
ProvisioningStarted allUp -> Validating
ProvisioningStarted late -> ProvisioningFailed
ProvisioningStarted block -> ExternalBlocker
Validating someUp -> ProvisioningStarted
Validating notUp -> ProvisioningStarted
Validating readdressed -> ProvisioningStarted
Validating checked -> ProvisioningCompleted
Validating late -> ProvisioningFailed
Validating block -> ExternalBlocker
Validating remove -> PendingRemove
ProvisioningCompleted someUp -> ProvisioningStarted
ProvisioningCompleted notUp -> ProvisioningStarted
ProvisioningCompleted readdressed -> ProvisioningStarted
ProvisioningCompleted unchecked -> Validating
ProvisioningCompleted stable -> Active
ProvisioningCompleted block -> ExternalBlocker
ProvisioningFailed retry -> ProvisioningStarted
ProvisioningFailed readdressed -> ProvisioningStarted
ProvisioningFailed remove -> PendingRemove
Active typeChange -> TypeChangeRequested
Active readdressed -> ProvisioningStarted
Active remove -> PendingRemove
TypeChangeRequested approve -> TypeChangeInProgress
TypeChangeRequested reject -> Active
TypeChangeRequested readdressed -> ProvisioningStarted
TypeChangeRequested remove -> PendingRemove
TypeChangeInProgress stable -> Active
TypeChangeInProgress readdressed -> ProvisioningStarted
TypeChangeInProgress remove -> PendingRemove
ExternalBlocker unblock -> Approved
ExternalBlocker remove -> PendingRemove
`

const table = new Map(
  expected
    .trim()
    .split('\n')
    .map((line) => {
      const [state = '', event = '', , next = ''] = line.split(' ')
      return [`${state} ${event}`, next]
    }),
)

const cells = connectionStates.flatMap((state) =>
  connectionEvents.map((event): [ConnectionState, ConnectionEvent] => [state, event]),
)

test.for(cells)('%s, %s', ([state, event]) => {
  expect(step(state, event)).toBe(table.get(`${state} ${event}`) ?? null)
})

test('deletion is refused in ProvisioningStarted and ProvisioningCompleted alone', () => {
  const refused = connectionStates.filter((state) => step(state, 'remove') === null)
  expect(refused).toEqual(['ProvisioningStarted', 'ProvisioningCompleted', 'PendingRemove'])
})

test('every state but the last leads on to Active, and to the end', () => {
  for (const goal of ['Active', 'PendingRemove'] as const) {
    for (const start of connectionStates) {
      if (start === 'PendingRemove') continue
      const reached = new Set<ConnectionState>([start])
      for (const state of reached) {
        for (const event of connectionEvents) {
          const next = step(state, event)
          if (next !== null) reached.add(next)
        }
      }
      expect(reached.has(goal), `${start} to ${goal}`).toBe(true)
    }
  }
})

test('routes count in service alone, and sessions run from approval on', () => {
  expect(connectionStates.filter(isInService)).toEqual([
    'Active',
    'TypeChangeRequested',
    'TypeChangeInProgress',
  ])
  expect(connectionStates.filter((state) => !runsSessions(state))).toEqual([
    'None',
    'PendingApproval',
    'ExternalBlocker',
    'PendingRemove',
  ])
})
