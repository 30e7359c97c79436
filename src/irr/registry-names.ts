/** The routing registries that are told apart. */

/** Registries that a prefix may be said to be recorded in, and the `source:` of their objects. */
export const registryNames = {
  ARIN: ['ARIN', 'ARIN-NONAUTH'],
  APNIC: ['APNIC'],
  AFRINIC: ['AFRINIC'],
  LACNIC: ['LACNIC'],
  RIPENCC: ['RIPE', 'RIPE-NONAUTH'],
  RADB: ['RADB'],
  ALTDB: ['ALTDB'],
} as const
export type RegistryName = keyof typeof registryNames
