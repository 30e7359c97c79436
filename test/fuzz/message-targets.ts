/** Frame reader, OPEN, NOTIFICATION and ROUTE-REFRESH. */
import type { Random } from '../../bench/random.ts'
import { buildOpen, negotiate } from '../../src/session/negotiate.ts'
import { checkRoles, decodeCapabilities, encodeCapabilities } from '../../src/wire/capabilities.ts'
import { MAX_EXTENDED_MESSAGE_LENGTH, MessageType } from '../../src/wire/codes.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import { createFrameReader } from '../../src/wire/frame-reader.ts'
import { decodeMessage } from '../../src/wire/message.ts'
import {
  decodeNotification,
  describeNotification,
  encodeNotification,
  readShutdownCommunication,
} from '../../src/wire/notification.ts'
import { decodeOpen, encodeOpen, openAsn, validateOpen } from '../../src/wire/open.ts'
import { decodeRouteRefresh, encodeRouteRefresh } from '../../src/wire/route-refresh.ts'
import { sessionConfig } from '../support/session-config.ts'
import { hexOf, viewOf } from '../support/vectors.ts'
import { mendLength } from './build.ts'
import { mutate, pick } from './mutate.ts'
import { messages, messagesOf } from './seeds.ts'
import { demand, demandEqual, expectOnly, target } from './target.ts'

interface Stream {
  readonly octets: Uint8Array
  /** Where the stream is cut into chunks. */
  readonly cuts: readonly number[]
  readonly maxLength: number
}

/** What came of a stream: each message as hex, then the error, if any. */
function frames(chunks: readonly Uint8Array[], maxLength: number): string[] {
  const told: string[] = []
  const reader = createFrameReader({
    frame(type, view, start, end) {
      demand(end - start >= 19 && end - start <= maxLength, 'a message beyond its limits')
      demand(end <= view.byteLength, 'a message beyond its chunk')
      const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start)
      told.push(`${type} ${hexOf(octets)}`)
    },
  })
  reader.maxLength = maxLength
  try {
    for (const chunk of chunks) reader.push(chunk)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    told.push(`${error.code}/${error.subcode} ${hexOf(error.data)}`)
    demand(reader.stopped, 'a reader that failed goes on')
  }
  demand(reader.pending < maxLength, 'a whole message is held back')
  return told
}

const frameTarget = target<Stream>({
  name: 'frame',
  generate(random) {
    const parts = Array.from({ length: random.between(1, 6) }, () => {
      const message = pick(random, messages)
      return random.chance(0.3) ? mutate(message, random, messages) : message
    })
    const whole = new Uint8Array(Buffer.concat(parts))
    const octets = random.chance(0.3) ? mutate(whole, random, messages) : whole
    const few = random.chance(0.5)
    const count = few ? random.below(4) : random.below(octets.length + 1)
    const cuts = Array.from({ length: count }, () => random.below(octets.length + 1))
    const maxLength = random.chance(0.5) ? 4096 : MAX_EXTENDED_MESSAGE_LENGTH
    return { octets, cuts: cuts.sort((a, b) => a - b), maxLength }
  },
  check({ octets, cuts, maxLength }) {
    const ends = [...cuts, octets.length]
    const chunks = ends.map((end, i) => octets.slice(i === 0 ? 0 : ends[i - 1], end))
    const inParts = frames(chunks, maxLength)
    demandEqual(inParts, frames([octets], maxLength), 'splitting the stream changed what it says')
  },
})

/** A seed or several changes away from one, its length mostly right. */
function messageOf(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  const changed = mutate(pick(random, seeds), random, seeds)
  return random.chance(0.9) ? mendLength(changed) : changed
}

/** Whether the message says that it is of a type: whoever decodes goes by that. */
function isOf(type: number, octets: Uint8Array): boolean {
  return octets.length < 19 || octets[18] === type
}

const openSeeds = messagesOf(MessageType.open)

const openTarget = target<{ octets: Uint8Array; asn: number; localAsn: number }>({
  name: 'open',
  generate: (random) => ({
    octets: messageOf(random, openSeeds),
    asn: pick(random, [64501, 64502, 1, 23456, 4294967295]),
    localAsn: pick(random, [64500, 64501, 4200000000]),
  }),
  check({ octets, asn, localAsn }) {
    if (!isOf(MessageType.open, octets)) return
    const read = (message: Uint8Array) => decodeOpen(viewOf(message), 0, message.length)
    const open = expectOnly([ProtocolError], () => read(octets))
    if (open === undefined) return
    const again = read(encodeOpen(open))
    demandEqual(
      { ...again, extendedParameters: false },
      { ...open, extendedParameters: false },
      'OPEN is another after a round trip',
    )
    openAsn(open)
    expectOnly([ProtocolError], () => validateOpen(open))
    const capabilities = decodeCapabilities(open.capabilities)
    const list = encodeCapabilities(capabilities)
    demandEqual(decodeCapabilities(list), capabilities, 'capabilities after a round trip')
    for (const role of [0, 1, 2, 3, 4]) {
      expectOnly([ProtocolError], () => checkRoles(open.capabilities, role, role === 0))
    }
    const config = sessionConfig({ asn, localAsn })
    expectOnly([ProtocolError], () => negotiate(config, buildOpen(config), open))
  },
})

const notificationSeeds = messagesOf(MessageType.notification)

const notificationTarget = target<Uint8Array>({
  name: 'notification',
  generate(random) {
    const octets = messageOf(random, notificationSeeds)
    if (octets.length < 21 || random.chance(0.5)) return octets
    const changed = octets.slice()
    changed[19] = random.between(1, 8)
    changed[20] = random.below(12)
    return changed
  },
  check(octets) {
    if (!isOf(MessageType.notification, octets)) return
    const read = (message: Uint8Array) => decodeNotification(viewOf(message), 0, message.length)
    const notification = expectOnly([ProtocolError], () => read(octets))
    if (notification === undefined) return
    const again = read(encodeNotification(notification, MAX_EXTENDED_MESSAGE_LENGTH))
    demandEqual(again, notification, 'NOTIFICATION is another after a round trip')
    const text = describeNotification(notification)
    demand(!/[\p{Cc}\u2028\u2029]/u.test(text), `control characters in ${JSON.stringify(text)}`)
    demand(text.length < 1200, `a text of ${text.length} characters`)
    const communication = readShutdownCommunication(notification)
    demand(communication === undefined || communication.length <= 255, 'a long communication')
  },
})

const refreshSeeds = messagesOf(MessageType.routeRefresh)

const refreshTarget = target<Uint8Array>({
  name: 'route-refresh',
  generate: (random) => messageOf(random, refreshSeeds),
  check(octets) {
    if (!isOf(MessageType.routeRefresh, octets)) return
    const read = (message: Uint8Array) => decodeRouteRefresh(viewOf(message), 0, message.length)
    const refresh = expectOnly([ProtocolError], () => read(octets))
    if (refresh === undefined) return
    const again = read(encodeRouteRefresh(refresh, MAX_EXTENDED_MESSAGE_LENGTH))
    demandEqual(again, refresh, 'ROUTE-REFRESH is another after a round trip')
  },
})

/** Any message at the door, whatever its type says. */
const messageTarget = target<Uint8Array>({
  name: 'message',
  generate: (random) => messageOf(random, messages),
  check(octets) {
    if (octets[18] === MessageType.update) return
    expectOnly([ProtocolError], () => decodeMessage(viewOf(octets), 0, octets.length))
  },
})

export const messageTargets = [
  frameTarget,
  openTarget,
  notificationTarget,
  refreshTarget,
  messageTarget,
]
