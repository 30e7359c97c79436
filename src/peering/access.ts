/** Whose right ends where: what a principal sees, changes and may know of. */
import { isTenant, type Kind, type Principal, RefusedError, type Resource } from './kind.ts'

/** The daemon itself, as it lets lifecycles go on. */
export const daemonPrincipal: Principal = { name: 'daemon', role: 'admin', owner: null }

/** Whether a principal may know that something of this owner exists. */
export function maySee(principal: Principal, owner: string | null): boolean {
  return !isTenant(principal.role) || (principal.owner !== null && principal.owner === owner)
}

/** Whether resources of a kind are for a principal at all: a customer has no peerings. */
export function mayUse(principal: Principal, kind: Kind): boolean {
  return !isTenant(principal.role) || kind.writers.includes(principal.role)
}

/** @throws RefusedError when the principal cannot create, change or delete resources of the kind */
export function demandWriter(principal: Principal, kind: Kind): void {
  if (principal.role === 'admin' || kind.writers.includes(principal.role)) return
  const may = ['admin', ...kind.writers].join(' or ')
  throw new RefusedError(
    'forbidden',
    `The token "${principal.name}" has the role ${principal.role}, which cannot write a ${kind.title}; use one of the role ${may}.`,
  )
}

/** @throws RefusedError when the principal cannot run an operation */
export function demandOperator(principal: Principal, kind: Kind, operation: string): void {
  const roles = kind.operations[operation]?.roles ?? []
  if (principal.role === 'admin' || roles.includes(principal.role)) return
  const may = ['admin', ...roles].join(' or ')
  throw new RefusedError(
    'forbidden',
    `The token "${principal.name}" has the role ${principal.role}, which cannot ${operation} a ${kind.title}; use one of the role ${may}.`,
  )
}

/**
 * What a refusal may say of the resource that stands in the way.
 * @returns its id for `conflictsWith`, and words for the sentence; of a stranger's neither name nor owner
 */
export function otherWords(
  principal: Principal,
  other: Pick<Resource, 'id' | 'owner'>,
  title: string,
): { readonly words: string; readonly known: { conflictsWith?: string } } {
  if (!maySee(principal, other.owner)) return { words: `a ${title} of somebody else`, known: {} }
  // A tenant sees only its own.
  const whose = isTenant(principal.role) || other.owner === null ? '' : ` of ${other.owner}`
  return { words: `the ${title} "${other.id}"${whose}`, known: { conflictsWith: other.id } }
}
