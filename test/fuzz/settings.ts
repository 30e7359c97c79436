/** Negotiated settings, as random as the octets. */
import type { Random } from '../../bench/random.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'

/** Any combination, the usual one more often. */
export function randomSettings(random: Random): DecodeSettings {
  return {
    as4: random.chance(0.6),
    external: random.chance(0.8),
    addPathIpv4: random.chance(0.25),
    addPathIpv6: random.chance(0.25),
    extendedNextHop: random.chance(0.3),
  }
}
