/** UPDATEs that the listener takes many at once. */
import { afterEach, expect, test } from 'vitest'
import { MessageType } from '../../src/wire/codes.ts'
import { protocolError } from '../../src/wire/errors.ts'
import {
  endOfRib,
  keepaliveMessage,
  message,
  notificationMessage,
  openMessage,
  type PeerConnection,
} from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import {
  establish,
  type Harness,
  startSessionsWith,
  turnUntil,
} from '../support/session-harness.ts'
import { createSessionRecorder } from '../support/session-recorder.ts'

let harness: Harness
afterEach(() => harness.close())

/** An UPDATE that withdraws 198.51.100.0/24 and so many other routes. */
const withdrawals = (more: number) => {
  const routes = Array.from({ length: more }, (_, i) => [24, 10, 0, i]).flat()
  const all = [24, 198, 51, 100, ...routes]
  return message(MessageType.update, [all.length >> 8, all.length & 255, ...all, 0, 0])
}

/** Sessions whose listener takes UPDATEs of more than 30 octets, whole ones, one after the other. */
async function started(onTaken: (count: number) => void = () => {}) {
  const own = createSessionRecorder()
  const taken: { name: string; length: number; limit: number; at: number }[] = []
  const listener = {
    ...own.listener,
    updates(
      name: string,
      view: DataView,
      start: number,
      end: number,
      limit: number,
      receivedAt: number,
    ) {
      let at = start
      let messages = 0
      while (end - at >= 23 && view.getUint8(at + 18) === MessageType.update) {
        const length = view.getUint16(at + 16)
        if (length <= 30 || at + length > end) break
        taken.push({ name, length, limit, at: receivedAt })
        messages++
        at += length
        onTaken(taken.length)
      }
      return { end: at, messages }
    },
  }
  harness = await startSessionsWith({ listener }, sessionConfig())
  Object.assign(harness, { recorder: own })
  const peer = await harness.connect()
  return { peer, taken, lines: own.lines, recorder: own }
}

function status() {
  const found = harness.sessions.status('edge-a')
  if (found === undefined) throw new Error('no session edge-a')
  return found
}

test('are counted, and what it leaves comes one by one, in order', async () => {
  const { peer, taken, lines } = await started()
  await establish(harness, peer)
  const from = lines.length
  const [long, longer] = [withdrawals(5), withdrawals(50)]
  peer.send(Buffer.concat([long, longer, endOfRib, keepaliveMessage, long]))
  await turnUntil(() => status().received.update === 4)
  expect(taken.map(({ length }) => length)).toEqual([long.length, longer.length, long.length])
  expect(taken.every(({ name, limit }) => name === 'edge-a' && limit === 4096)).toBe(true)
  expect(taken.at(-1)?.at).toBe(harness.clock.now())
  expect(status()).toMatchObject({
    lastMessageAt: harness.clock.now(),
    received: { open: 1, update: 4, keepalive: 2 },
  })
  await turnUntil(() => lines.slice(from).includes('edge-a chunk done'))
  expect(lines.slice(from).filter((line) => line.includes('update'))).toEqual([
    'edge-a update 00000000',
  ])
})

test('whole though they come in pieces', async () => {
  const { peer, taken } = await started()
  await establish(harness, peer)
  const octets = Buffer.concat([withdrawals(5), withdrawals(900), withdrawals(7), withdrawals(8)])
  const cuts = [0, 50, 51, 700, 3000, octets.length]
  for (const [i, at] of cuts.slice(0, -1).entries()) {
    peer.send(octets.subarray(at, cuts[i + 1]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await turnUntil(() => status().received.update === 4)
  // What straddles pieces is put in front of the next one.
  expect(taken).toHaveLength(4)
})

test('keep the session up', async () => {
  const { peer, lines } = await started()
  await establish(harness, peer)
  for (let i = 1; i <= 3; i++) {
    harness.clock.advance(60_000)
    peer.send(withdrawals(5))
    await turnUntil(() => status().received.update === i)
  }
  expect(status().stateName).toBe('Established')
  harness.clock.advance(91_000)
  await turnUntil(() => lines.some((line) => line.includes('down')))
  expect(status().stateName).not.toBe('Established')
})

test('are not asked for before the session is Established', async () => {
  const { peer, taken, recorder } = await started()
  peer.send(Buffer.concat([openMessage(), withdrawals(5)]))
  await recorder.until('Idle', 2)
  expect(taken).toEqual([])
  await peer.expect(1)
})

test('that cannot be taken end the session', async () => {
  const { peer, recorder, taken } = await started((count) => {
    if (count === 2) throw protocolError(6, 8, 'there is no memory for more routes')
  })
  await establish(harness, peer)
  peer.send(Buffer.concat([withdrawals(5), withdrawals(5), withdrawals(5), endOfRib]))
  expect(await recorder.until('down')).toContain('Cease / Out Of Resources')
  expect(taken).toHaveLength(2)
  expect(recorder.lines.some((line) => line.includes('update'))).toBe(false)
  expect(await notificationOf(peer)).toMatch(/^0608/)
})

/** The next NOTIFICATION, behind KEEPALIVEs. */
async function notificationOf(peer: PeerConnection): Promise<string> {
  for (;;) {
    const { type, body } = await peer.next()
    if (type === MessageType.notification) return body
  }
}

test('are not taken any more once the session has ended in the midst of a chunk', async () => {
  const { peer, taken, recorder } = await started()
  await establish(harness, peer)
  peer.send(Buffer.concat([withdrawals(5), notificationMessage(6, 2), withdrawals(5)]))
  await recorder.until('down')
  expect(taken).toHaveLength(1)
  expect(status().received.update).toBe(1)
})
