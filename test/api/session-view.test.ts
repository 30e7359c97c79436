import { expect, test } from 'vitest'
import { describeCapabilities } from '../../src/api/session-view.ts'

test('capabilities in words', () => {
  const words = describeCapabilities({
    multiprotocol: [
      [1, 1],
      [2, 1],
      [1, 128],
      [25, 70],
    ],
    routeRefresh: true,
    enhancedRouteRefresh: true,
    extendedMessage: true,
    fourOctetAs: 4_200_000_001,
    gracefulRestart: {
      restartState: false,
      notification: true,
      restartTime: 120,
      families: [{ afi: 1, safi: 1, forwardingPreserved: true }],
    },
    addPath: [{ afi: 2, safi: 1, sendReceive: 3 }],
    extendedNextHop: [{ afi: 1, safi: 1, nextHopAfi: 2 }],
    role: 3,
    fqdn: { hostname: 'r1', domain: 'example.net' },
    unknown: [{ code: 67, value: new Uint8Array(4) }],
  })
  expect(words).toEqual([
    'Multiprotocol IPv4 unicast (RFC 4760)',
    'Multiprotocol IPv6 unicast (RFC 4760)',
    'Multiprotocol IPv4 SAFI 128 (RFC 4760)',
    'Multiprotocol AFI 25 SAFI 70 (RFC 4760)',
    'Route refresh (RFC 2918)',
    'IPv4 unicast with IPv6 next hop (RFC 8950)',
    'Extended messages (RFC 8654)',
    'Role customer (RFC 9234)',
    'Graceful restart for IPv4 unicast, restart time 120 s (RFC 4724), also over a NOTIFICATION (RFC 8538)',
    '4-octet AS number 4200000001 (RFC 6793)',
    'Additional paths IPv6 unicast, send and receive (RFC 7911)',
    'Enhanced route refresh (RFC 7313)',
    'Host name r1.example.net',
    'Dynamic capability (draft)',
  ])
})
