/** Two connections to one peer: which of them stays (RFC 4271 §6.8, RFC 6286 §2.3). */

/** A speaker as its OPEN names it; both numbers unsigned 32 bits. */
export interface Speaker {
  readonly bgpIdentifier: number
  readonly asn: number
}

/**
 * The speaker with the higher BGP identifier keeps the connection that it opened; of equal
 * identifiers the larger AS number decides.
 * @returns whose connection stays
 */
export function collisionWinner(local: Speaker, remote: Speaker): 'local' | 'remote' {
  if (local.bgpIdentifier !== remote.bgpIdentifier) {
    return local.bgpIdentifier > remote.bgpIdentifier ? 'local' : 'remote'
  }
  return local.asn > remote.asn ? 'local' : 'remote'
}

/**
 * Decides between a connection in OpenConfirm and one whose OPEN has just come.
 * @param existing `outgoing`: we opened it
 * @returns the one to close
 */
export function collisionLoser(
  existing: { readonly outgoing: boolean },
  opened: { readonly outgoing: boolean },
  local: Speaker,
  remote: Speaker,
): 'existing' | 'opened' {
  // A peer opens one connection at a time, so it has given up the older of two that it opened.
  if (existing.outgoing === opened.outgoing) return 'existing'
  const oursStays = collisionWinner(local, remote) === 'local'
  return existing.outgoing === oursStays ? 'opened' : 'existing'
}
