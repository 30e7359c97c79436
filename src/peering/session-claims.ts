/** One peer, one session: whose session a peer has already. */
import type { SessionConfig } from '../session/types.ts'
import { otherWords } from './access.ts'
import { RefusedError, type RuleContext } from './kind.ts'

/** A resource with sessions is found by the addresses of its peers. */
export function peerKey(address: string): string {
  return `peer ${address}`
}

/** Kinds whose resources run sessions, and what a sentence calls them. */
const sessionKinds = {
  connection: 'connection',
  circuitPeering: 'circuit peering',
  virtualNetwork: 'virtual network',
} as const
export type SessionKind = keyof typeof sessionKinds

/** @throws RefusedError when the configuration file has a session with the peer */
export function demandUndeclaredPeer(
  config: SessionConfig,
  place: string,
  { live }: RuleContext,
): void {
  const declared = live.declaredSession(config.address, config.port, config.asn)
  if (declared === undefined) return
  const message = `The configuration file has a session "${declared}" with ${config.address} port ${config.port}, AS${config.asn}; take another address, or that session out of the file.`
  throw new RefusedError('conflict', message, { place })
}

/**
 * @param own kind whose resources are not looked at: it judges them itself
 * @throws RefusedError when a resource of another kind has a session with the peer
 */
export function demandNoOtherKind(
  config: SessionConfig,
  own: SessionKind,
  place: string,
  { directory, principal }: RuleContext,
): void {
  for (const [kind, title] of Object.entries(sessionKinds)) {
    if (kind === own) continue
    for (const found of directory.having(kind, peerKey(config.address))) {
      const { words, known } = otherWords(principal, found, title)
      const message = `The peer ${config.address} has a session already, of ${words}; take another address.`
      throw new RefusedError('conflict', message, { place, ...known })
    }
  }
}

/**
 * Judges the peer of a session of a kind in which each peer has one session.
 * @throws RefusedError
 */
export function demandPeerAlone(
  config: SessionConfig,
  self: { readonly kind: SessionKind; readonly id: string },
  place: string,
  context: RuleContext,
): void {
  demandUndeclaredPeer(config, place, context)
  demandNoOtherKind(config, self.kind, place, context)
  for (const found of context.directory.having(self.kind, peerKey(config.address))) {
    if (found.id === self.id) continue
    const { words, known } = otherWords(context.principal, found, sessionKinds[self.kind])
    const message = `The peer ${config.address} has a session already, of ${words}; take another address.`
    throw new RefusedError('conflict', message, { place, ...known })
  }
  const why = config.password === undefined ? null : context.live.sessionProblem(config)
  if (why !== null) throw new RefusedError('not-possible', why, { place })
}
