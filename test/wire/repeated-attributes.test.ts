/** UPDATEs whose attributes equal those of the one before: they need not be told again. */
import { expect, test } from 'vitest'
import { ProtocolError } from '../../src/wire/errors.ts'
import { handlingName } from '../../src/wire/handling.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { UpdateDecoder } from '../../src/wire/update.ts'
import { createRouteLog, externalSession } from '../support/route-log.ts'
import { bytesOf, hexOf, viewOf } from '../support/vectors.ts'

const hex = (length: number) => length.toString(16).padStart(4, '0')

/** An UPDATE from the hex of its three fields. */
function update(attributes: string, nlri: string, withdrawn = ''): Uint8Array {
  const body =
    hex(withdrawn.length / 2) + withdrawn + hex(attributes.length / 2) + attributes + nlri
  return bytesOf(`${'ff'.repeat(16)}${hex(19 + body.length / 2)}02${body}`)
}

// ORIGIN IGP, AS_PATH 3356 or 1299, NEXT_HOP 192.0.2.1
const viaLumen = '40010100 400206 020100000d1c 400304c0000201'.replaceAll(' ', '')
const viaArelion = '40010100 400206 020100000513 400304c0000201'.replaceAll(' ', '')
// ORIGIN with the value 3, which does not exist: treat-as-withdraw.
const malformed = viaLumen.replace('40010100', '40010103')

/** A decoder whose sink compares octets with those it was told last. */
function createReader() {
  const log = createRouteLog()
  let asked = 0
  const decoder = new UpdateDecoder()
  const sink = {
    ...log,
    repeats(view: DataView, start: number, end: number) {
      asked++
      return (
        hexOf(new Uint8Array(view.buffer, view.byteOffset + start, end - start)) ===
        log.stored.at(-1)
      )
    },
  }
  return {
    log,
    asked: () => asked,
    read: (message: Uint8Array, settings: DecodeSettings = externalSession) =>
      handlingName[decoder.decode(viewOf(message), 0, message.length, settings, sink)],
  }
}

test('equal attributes are told once, and every prefix is announced', () => {
  const { log, read } = createReader()
  read(update(viaLumen, '18c63364'))
  read(update(viaLumen, '18cb0071'))
  read(update(viaArelion, '18c00002'))
  read(update(viaLumen, '18c63364'))
  expect(log.announced).toEqual([
    '198.51.100.0/24',
    '203.0.113.0/24',
    '192.0.2.0/24',
    '198.51.100.0/24',
  ])
  expect(log.stored).toEqual([viaLumen, viaArelion, viaLumen])
})

test('a sink that cannot compare is told them each time', () => {
  const log = createRouteLog()
  const decoder = new UpdateDecoder()
  const message = viewOf(update(viaLumen, '18c63364'))
  for (let i = 0; i < 2; i++) decoder.decode(message, 0, message.byteLength, externalSession, log)
  expect(log.stored).toEqual([viaLumen, viaLumen])
})

test('they are told again where something else came in between, or comes with them', () => {
  const { log, asked, read } = createReader()
  read(update(viaLumen, '18c63364'))
  read(update('', '', '18cb0071'))
  read(update(viaLumen, '18c63364'))
  // Withdrawn and announced in one message: the withdrawal could take the set's last route.
  read(update(viaLumen, '18c63364', '18cb0071'))
  // Another session.
  read(update(viaLumen, '18c63364'), { ...externalSession })
  expect(read(update(malformed, '18c63364'))).toBe('treat-as-withdraw')
  read(update(viaLumen, '18c63364'))
  expect(asked()).toBe(0)
  expect(log.stored).toHaveLength(5)
  expect(log.malformedRoutes).toHaveLength(1)
})

test('AS numbers of 2 octets are kept in another form, and told each time', () => {
  const { log, asked, read } = createReader()
  const settings = { ...externalSession, as4: false }
  const old = '40010100 400204 02010d1c 400304c0000201'.replaceAll(' ', '')
  for (let i = 0; i < 2; i++) read(update(old, '18c63364'), settings)
  expect([asked(), log.stored]).toEqual([0, [viaLumen, viaLumen]])
})

test('NLRI that cannot be read ends the session all the same (RFC 7606 §5.3)', () => {
  const { read } = createReader()
  read(update(viaLumen, '18c63364'))
  expect(() => read(update(viaLumen, '21c6336400'))).toThrow(ProtocolError)
})
