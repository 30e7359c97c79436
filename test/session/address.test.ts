import { expect, test } from 'vitest'
import { canonicalAddress, describeSocketError } from '../../src/session/address.ts'

test.for([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::1', '::1'],
  ['router.example', 'router.example'],
] as const)('%s is %s', ([given, expected]) => {
  expect(canonicalAddress(given)).toBe(expected)
})

function socketError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`connect ${code}`), { code })
}

test.for([
  ['ECONNREFUSED', undefined, '192.0.2.1 port 179 refused the connection'],
  ['ECONNRESET', undefined, '192.0.2.1 port 179 reset the connection'],
  ['ETIMEDOUT', undefined, '192.0.2.1 port 179 does not answer'],
  [
    'EADDRNOTAVAIL',
    '192.0.2.9',
    'cannot connect from 192.0.2.9: no interface of this machine has that address',
  ],
  ['EWHATEVER', undefined, 'the connection to 192.0.2.1 port 179 failed: connect EWHATEVER'],
] as const)('%s in words', ([code, local, expected]) => {
  expect(describeSocketError(socketError(code), '192.0.2.1 port 179', local)).toBe(expected)
})
