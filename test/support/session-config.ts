/** A session's configuration for tests: AS 64500 here, AS 64501 there. */
import type { SessionConfig } from '../../src/session/types.ts'

/** 192.0.2.1 */
export const LOCAL_ID = 0xc0000201

export function sessionConfig(changes: Partial<SessionConfig> = {}): SessionConfig {
  return {
    name: 'edge-a',
    address: '127.0.0.1',
    port: 179,
    asn: 64501,
    localAsn: 64500,
    routerId: LOCAL_ID,
    families: ['ipv4', 'ipv6'],
    passive: true,
    holdTime: 90,
    connectRetrySeconds: 120,
    delayOpenSeconds: 0,
    description: '',
    ...changes,
  }
}
