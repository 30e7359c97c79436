import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Family, maskPrefix } from '../../src/prefix/prefix.ts'
import { formatPrefix, PrefixError, parseAddress, parsePrefix } from '../../src/prefix/text.ts'

test.for([
  ['198.51.100.0/24', '198.51.100.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/32', '255.255.255.255/32'],
  ['::/0', '::/0'],
  // RFC 5952 §4: no leading zeros, lower case, the longest run of zeros shortened, the first of equals
  ['2001:0DB8::0001/128', '2001:db8::1/128'],
  ['2001:db8:0:0:1:0:0:1/128', '2001:db8::1:0:0:1/128'],
  ['2001:db8:0:1:1:1:1:1/128', '2001:db8:0:1:1:1:1:1/128'],
  // §5
  ['::ffff:192.0.2.1/128', '::ffff:192.0.2.1/128'],
  ['::ffff:0:0/96', '::ffff:0:0/96'],
  ['64:ff9b::192.0.2.1/128', '64:ff9b::c000:201/128'],
])('%s is read and written as %s', ([text, expected]) => {
  expect(formatPrefix(parsePrefix(text as string))).toBe(expected)
})

test.for([
  ['198.51.100.0', '"198.51.100.0" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32'],
  ['198.51.100/24', '"198.51.100/24" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32'],
  ['256.0.0.0/8', '"256.0.0.0/8" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32'],
  [
    'fe80::1%eth0/64',
    '"fe80::1%eth0/64" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32',
  ],
  [' 10.0.0.0/8', '" 10.0.0.0/8" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32'],
  ['10.0.0.0/8/8', '"10.0.0.0/8/8" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32'],
  ['10.0.0.0/33', '"10.0.0.0/33" has the length "33", expected 0 to 32'],
  ['10.0.0.0/08', '"10.0.0.0/08" has the length "08", expected 0 to 32'],
  ['2001:db8::/129', '"2001:db8::/129" has the length "129", expected 0 to 128'],
  ['198.51.100.7/24', '"198.51.100.7/24" has host bits set, did you mean 198.51.100.0/24?'],
  ['2001:db8::1/32', '"2001:db8::1/32" has host bits set, did you mean 2001:db8::/32?'],
])('%s is refused', ([text, message]) => {
  expect(() => parsePrefix(text as string)).toThrow(new PrefixError(message as string))
})

test('an address is no prefix', () => {
  expect(parseAddress('192.0.2.1')).toMatchObject({ family: Family.ipv4, length: 32 })
  expect(() => parseAddress('192.0.2.0/24')).toThrow(PrefixError)
})

test('what is written is read back the same', () => {
  const word = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, 0xffff, 0x10000))
  const prefix = fc
    .record({ length: fc.nat(128), w0: word, w1: word, w2: word, w3: word, v6: fc.boolean() })
    .map(({ v6, length, w0, w1, w2, w3 }) =>
      maskPrefix(
        v6
          ? { family: Family.ipv6, length, w0, w1, w2, w3 }
          : { family: Family.ipv4, length: length % 33, w0, w1: 0, w2: 0, w3: 0 },
      ),
    )
  fc.assert(
    fc.property(prefix, (p) => {
      expect(parsePrefix(formatPrefix(p))).toEqual(p)
    }),
  )
})
