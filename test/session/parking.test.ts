import { beforeEach, describe, expect, test } from 'vitest'
import type { Connection } from '../../src/session/connection.ts'
import { createParking, patienceOf } from '../../src/session/parking.ts'
import { protocolError } from '../../src/wire/errors.ts'
import { keepaliveMessage, notificationMessage, openMessage } from '../support/scripted-peer.ts'
import { viewOf } from '../support/vectors.ts'

/** A connection as far as parking sees it. */
function stubConnection() {
  const stub = {
    closes: 0,
    handlers: { frame() {}, chunkDone() {}, broken() {}, closed() {} },
    close() {
      stub.closes++
    },
    destroy() {},
  }
  return stub as typeof stub & Connection
}

function give(connection: Connection, octets: Buffer): void {
  connection.handlers.frame(octets[18] ?? 0, viewOf(octets), 0, octets.length, 0)
}

let connection: ReturnType<typeof stubConnection>
let parking: ReturnType<typeof createParking>
let opened: (number | undefined)[]
beforeEach(() => {
  connection = stubConnection()
  opened = []
  parking = createParking((open) => opened.push(patienceOf(open)))
  parking.park(connection)
})

test('one that waits is taken once', () => {
  expect(parking.take()).toEqual({ connection, open: undefined })
  expect(parking.take()).toBeUndefined()
})

test('its OPEN is kept, in a copy', () => {
  const octets = openMessage()
  give(connection, octets)
  const taken = parking.take()
  const expected = openMessage()
  octets.fill(0)
  expect(Buffer.from(taken?.open ?? []).toString('hex')).toBe(expected.toString('hex'))
  expect(connection.closes).toBe(0)
})

describe('it is given up', () => {
  test.for([
    ['a NOTIFICATION', () => give(connection, notificationMessage(6, 2))],
    ['a KEEPALIVE', () => give(connection, keepaliveMessage)],
    ['a wrong header', () => connection.handlers.broken(protocolError(1, 1, 'marker'))],
    ['the end', () => connection.handlers.closed('the peer closed the connection')],
  ] as const)('at %s', ([, happens]) => {
    happens()
    expect(parking.take()).toBeUndefined()
    expect(connection.closes).toBe(1)
  })

  test('at a second OPEN', () => {
    give(connection, openMessage())
    give(connection, openMessage())
    expect(parking.take()).toBeUndefined()
  })

  test('for a newer one', () => {
    const newer = stubConnection()
    parking.park(newer)
    expect(connection.closes).toBe(1)
    expect(parking.take()?.connection).toBe(newer)
  })
})

test.for([
  [90, 30_000],
  [6, 2000],
  [3, 1000],
  [0, undefined],
] as const)('a peer with a hold time of %s s waits no longer than a third', ([holdTime, limit]) => {
  give(connection, openMessage({ holdTime }))
  expect(opened).toEqual([limit])
})

test('an OPEN that comes with the connection counts, one that cannot be read does not', () => {
  parking.park(stubConnection(), Uint8Array.from(openMessage({ holdTime: 9 })))
  parking.park(stubConnection(), Uint8Array.from(openMessage({ version: 4 }).subarray(0, 25)))
  expect(opened).toEqual([3000, undefined])
})
