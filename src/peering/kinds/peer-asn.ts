/** Peer ASNs: who may peer. An operator approves or rejects each. */
import { z } from 'zod'
import { asn, listOf, mapping, oneOf, printable } from '../../fields/readers.ts'
import { otherWords } from '../access.ts'
import { ownerField } from '../fields.ts'
import { type Kind, RefusedError, type Resource, type RuleContext } from '../kind.ts'
import { provisioningState, provisioningStates } from './common.ts'

export const validationStates = ['None', 'Pending', 'Approved', 'Failed'] as const
const contactRoles = ['Noc', 'Policy', 'Technical', 'Service', 'Escalation', 'Other'] as const

const spec = mapping(
  {
    owner: ownerField,
    peerAsn: asn.describe('The AS number.'),
    peerName: printable(1, 128).describe('Name of the network.'),
    peerContactDetail: listOf(
      mapping(
        {
          role: oneOf(contactRoles).default('Noc').describe('What it is for.'),
          email: z.exactOptional(printable(3, 254)).describe('An e-mail address.'),
          phone: z.exactOptional(printable(3, 32)).describe('A telephone number.'),
        },
        'with role, email and phone',
      ),
      'contacts',
    )
      .max(20, 'at most 20 contacts')
      .default([])
      .describe('Whom to call.'),
  },
  'with peerAsn and peerName',
)

const view = z.object({
  peerAsn: z.number(),
  peerName: z.string(),
  peerContactDetail: z.array(z.object({ role: z.enum(contactRoles) }).loose()),
  validationState: z.enum(validationStates),
  errorMessage: z.string(),
  provisioningState: z.enum(provisioningStates),
})

type Spec = z.output<typeof spec>
interface Status {
  readonly validationState: (typeof validationStates)[number]
  readonly errorMessage: string
}
export type PeerAsn = Resource<Spec, Status>

/** AS numbers are found by it. */
function asnKey(number: number): string {
  return `asn ${number}`
}

/** An AS number belongs to one: whoever has it, and was not rejected, keeps it. */
function demandFree(number: number, itself: string, context: RuleContext): void {
  for (const other of context.directory.having('peerAsn', asnKey(number))) {
    if (other.id === itself || other.status['validationState'] === 'Failed') continue
    const { words, known } = otherWords(context.principal, other, 'peer ASN')
    const message = `AS${number} is taken by ${words}; use that one, or have it rejected or deleted first.`
    throw new RefusedError('conflict', message, { place: 'peerAsn', ...known })
  }
}

function usersOf(id: string, { directory }: Pick<RuleContext, 'directory'>): readonly Resource[] {
  return directory.having('peering', `peerAsn ${id}`)
}

export const peerAsnKind: Kind<Spec, Status> = {
  name: 'peerAsn',
  title: 'peer ASN',
  command: 'asn',
  segment: 'peerAsns',
  parent: null,
  spec,
  view,
  fixed: {
    peerAsn: 'The AS number of a peer ASN cannot change; create another peer ASN.',
  },
  writers: ['provider'],
  columns: [
    { title: 'ASN', value: ({ peerAsn }) => String(peerAsn) },
    { title: 'Network', value: ({ peerName }) => String(peerName) },
    { title: 'Validation', value: ({ validationState }) => String(validationState) },
    { title: 'Message', value: ({ errorMessage }) => String(errorMessage) },
  ],
  example: { name: 'contoso', spec: { peerAsn: 64501, peerName: 'Contoso' } },
  operations: {
    approve: {
      summary: 'Lets the AS number be chosen for peerings.',
      roles: ['operator'],
      run(resource, _body, context) {
        demandFree(resource.spec.peerAsn, resource.id, context)
        return {
          spec: resource.spec,
          status: { validationState: 'Approved', errorMessage: '' },
        }
      },
    },
    reject: {
      summary: 'Refuses the AS number, with a reason.',
      roles: ['operator'],
      body: mapping({ reason: printable(1, 500).describe('Why, for the peer.') }, 'with reason'),
      run(resource, body, context) {
        const [user] = usersOf(resource.id, context)
        if (user !== undefined) {
          throw new RefusedError(
            'not-possible',
            `The peering "${user.id}" uses this peer ASN; delete the peering first.`,
            { conflictsWith: user.id },
          )
        }
        const { reason } = body as { reason: string }
        return {
          spec: resource.spec,
          status: { validationState: 'Failed', errorMessage: reason },
        }
      },
    },
  },
  create({ id, spec }, context) {
    demandFree(spec.peerAsn, id, context)
    const validationState = context.declared ? 'Approved' : 'Pending'
    return { spec, status: { validationState, errorMessage: '' } }
  },
  update: ({ status }, spec) => ({ spec, status }),
  remove(resource, context) {
    const users = usersOf(resource.id, context)
    const user = users.find(({ deleting }) => !deleting)
    if (user !== undefined) {
      throw new RefusedError(
        'not-possible',
        `The peering "${user.id}" uses this peer ASN; delete the peering first.`,
        { conflictsWith: user.id },
      )
    }
    return users.length === 0 ? null : { spec: resource.spec, status: resource.status }
  },
  advance(resource, context) {
    return resource.deleting && usersOf(resource.id, context).length === 0 ? 'gone' : null
  },
  index: ({ spec }) => ({ keys: [asnKey(spec.peerAsn)] }),
  show: ({ spec: { owner: _, ...shown }, status, deleting }) => ({
    ...shown,
    ...status,
    provisioningState: provisioningState(deleting),
  }),
}
