import { describe, expect, test } from 'vitest'
import { collisionLoser, collisionWinner } from '../../src/session/collision.ts'

const low = { bgpIdentifier: 0x0a000001, asn: 64500 }
const high = { bgpIdentifier: 0xc0000201, asn: 64400 }

describe('whose connection stays', () => {
  test.for([
    ['the higher identifier is ours (RFC 4271 §6.8)', high, low, 'local'],
    ['the higher identifier is theirs', low, high, 'remote'],
    [
      'equal identifiers: the larger AS is ours (RFC 6286 §2.3)',
      { ...low, asn: 2 },
      { ...low, asn: 1 },
      'local',
    ],
    [
      'equal identifiers: the larger AS is theirs',
      { ...low, asn: 1 },
      { ...low, asn: 2 },
      'remote',
    ],
  ] as const)('%s', ([, local, remote, winner]) => {
    expect(collisionWinner(local, remote)).toBe(winner)
  })
})

describe('which of two connections is closed', () => {
  const ours = { outgoing: true }
  const theirs = { outgoing: false }
  test.for([
    ['we win; ours is the older one', ours, theirs, high, low, 'opened'],
    ['we win; ours is the newer one', theirs, ours, high, low, 'existing'],
    ['they win; ours is the older one', ours, theirs, low, high, 'existing'],
    ['they win; ours is the newer one', theirs, ours, low, high, 'opened'],
    ['the peer opened both: it has given up the older', theirs, theirs, high, low, 'existing'],
  ] as const)('%s', ([, existing, opened, local, remote, loser]) => {
    expect(collisionLoser(existing, opened, local, remote)).toBe(loser)
  })
})
