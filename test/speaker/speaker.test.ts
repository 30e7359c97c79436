/** The speaker against a peer that a test plays: what it writes to the socket, octet by octet. */
import { afterEach, describe, expect, test } from 'vitest'
import { parseScenario } from '../../src/speaker/scenario.ts'
import { type Speaker, type SpeakerOptions, startSpeaker } from '../../src/speaker/speaker.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import {
  connectPeer,
  ipv4Unicast,
  ipv6Unicast,
  keepaliveMessage,
  listenPeer,
  openMessage,
  type PeerConnection,
  type PeerOpen,
  type PeerServer,
} from '../support/scripted-peer.ts'

const OPEN = 1
const UPDATE = 2
const NOTIFICATION = 3
const KEEPALIVE = 4

let peer: PeerServer | undefined
let speaker: Speaker | undefined
afterEach(async () => {
  peer?.close()
  await speaker?.close()
  peer = undefined
  speaker = undefined
})

/** Plays the handshake as AS64500 (RFC 4271 §8.2.2), until both sides are Established. */
async function shake(connection: PeerConnection, open: PeerOpen = {}): Promise<PeerConnection> {
  await connection.expect(OPEN)
  const as4 = [65, [0, 0, 0xfb, 0xf4]] as const
  const capabilities = [ipv4Unicast, ipv6Unicast, as4]
  connection.send(
    openMessage({ asn: 64500, id: '192.0.2.9', capabilities, ...open }),
    keepaliveMessage,
  )
  await connection.expect(KEEPALIVE)
  return connection
}

async function start(steps: string, options: Partial<SpeakerOptions> & { open?: PeerOpen } = {}) {
  peer = await listenPeer()
  const clock: FakeClock = createFakeClock()
  const log: string[] = []
  const text = `local:
  asn: 64501
  routerId: 192.0.2.1
  nextHop: { ipv6: "2001:db8::1" }
remote: { address: 127.0.0.1, port: ${peer.port}, asn: 64500 }
families: [ipv4, ipv6]
steps:
${steps}`
  const { open, ...rest } = options
  const scenario = parseScenario(text, 'test.yaml')
  speaker = await startSpeaker(scenario, { clock, log: (line) => log.push(line), ...rest })
  const connection = await shake(await peer.accept(), open)
  return { connection, speaker, clock, log, peer }
}

/** RFC 4271 §4.3: the attributes of a route from AS64501, with 4-octet AS numbers. */
const attributes = [
  '40010100', // ORIGIN: IGP
  '4002060201' + '0000fbf5', // AS_PATH: one AS_SEQUENCE of 64501
  '400304' + 'c0000201', // NEXT_HOP: 192.0.2.1
].join('')
const web = 'c63364' // 198.51.100.0/24, behind its length octet
const announceWeb = `0000${'0014'}${attributes}18${web}`
const withdrawWeb = `0004${'18'}${web}0000`

describe('what a speaker sends', () => {
  test('an announcement, a withdrawal, End-of-RIB of both families', async () => {
    const { connection, speaker, log } = await start(`
  - announce: [{ prefix: 198.51.100.0/24, asPath: 64501 }]
  - withdraw: [198.51.100.0/24]
  - endOfRib: [ipv4, ipv6]`)
    expect(await connection.expect(UPDATE)).toBe(announceWeb)
    expect(await connection.expect(UPDATE)).toBe(withdrawWeb)
    // RFC 4724 §2: an empty UPDATE; for IPv6 an empty MP_UNREACH_NLRI (AFI 2, SAFI 1).
    expect(await connection.expect(UPDATE)).toBe('00000000')
    expect(await connection.expect(UPDATE)).toMatch(/^0000(0006800f03|0007900f0003)000201$/)
    await speaker.done
    expect(log).toEqual([
      'Established with AS64500 at 127.0.0.1',
      'announced 198.51.100.0/24',
      'withdrew 198.51.100.0/24',
      'sent End-of-RIB for ipv4 and ipv6',
    ])
  })

  test('communities of both kinds, MED, origin, next hop', async () => {
    const { connection } = await start(`
  - announce:
      - prefix: 198.51.100.0/24
        asPath: "64501 {64502 64503}"
        communities: ["8075:8007"]
        largeCommunities: ["64500:1:2"]
        nextHop: 192.0.2.77
        med: 5
        origin: incomplete`)
    const expected = [
      '40010102', // ORIGIN: INCOMPLETE
      '400210' + '02010000fbf5' + '01020000fbf60000fbf7', // AS_PATH of 16 octets: 64501 {64502 64503}
      '400304c000024d', // NEXT_HOP: 192.0.2.77
      '80040400000005', // MULTI_EXIT_DISC: 5
      'c008041f8b1f47', // COMMUNITIES: 8075:8007
      'c0200c' + '0000fbf4' + '00000001' + '00000002', // LARGE_COMMUNITY: 64500:1:2
    ].join('')
    const length = (expected.length / 2).toString(16).padStart(4, '0')
    expect(await connection.expect(UPDATE)).toBe(`0000${length}${expected}18${web}`)
  })

  test('routes with equal attributes share an UPDATE', async () => {
    const { connection } = await start(`
  - announce:
      - { prefix: 198.51.100.0/24, asPath: 64501 }
      - { prefix: 203.0.113.0/24, asPath: 64501 }`)
    expect(await connection.expect(UPDATE)).toBe(`${announceWeb}18cb0071`)
  })

  test('an IPv6 route goes into MP_REACH_NLRI (RFC 4760 §3)', async () => {
    const { connection } = await start(`
  - announce: [{ prefix: "2001:db8:1::/48", asPath: 64501 }]`)
    const body = await connection.expect(UPDATE)
    const nextHop = '20010db8000000000000000000000001'
    // AFI 2, SAFI 1, next hop of 16 octets, reserved octet, 48 bits of prefix.
    expect(body).toContain(`00020110${nextHop}00${'30'}20010db80001`)
    expect(body).toContain('40010100')
    expect(body).not.toContain('400304')
  })

  test('AS_TRANS and AS4_PATH to a peer of 2-octet AS numbers (RFC 6793 §4.2.2)', async () => {
    const { connection } = await start(
      `
  - announce: [{ prefix: 198.51.100.0/24, asPath: "64501 65546" }]`,
      { open: { capabilities: [ipv4Unicast] } },
    )
    const body = await connection.expect(UPDATE)
    expect(body).toContain('4002060202' + 'fbf5' + '5ba0') // AS_TRANS is 0x5ba0
    expect(body).toContain('c0110a0202' + '0000fbf5' + '0001000a')
  })

  test('raw octets go out as they stand', async () => {
    const { connection } = await start(`
  - raw: "ffffffffffffffffffffffffffffffff 0017 02 0000 0000"`)
    expect(await connection.expect(UPDATE)).toBe('00000000')
  })

  test('messages follow the steps', async () => {
    const message = Buffer.from(`${'f'.repeat(32)}00170200000000`, 'hex')
    const { connection, speaker, log } = await start(
      '  - announce: [{ prefix: 198.51.100.0/24, asPath: 64501 }]',
      { messages: () => [message, message] },
    )
    expect(await connection.expect(UPDATE)).toBe(announceWeb)
    expect(await connection.expect(UPDATE)).toBe('00000000')
    expect(await connection.expect(UPDATE)).toBe('00000000')
    await speaker.done
    expect(log.at(-1)).toBe('sent 2 messages of the capture')
  })
})

describe('how a speaker goes through its steps', () => {
  test('it waits for the time it was told', async () => {
    const { connection, clock, speaker } = await start(`
  - repeat:
      times: 2
      steps:
        - announce: [{ prefix: 198.51.100.0/24, asPath: 64501 }]
        - wait: 60`)
    expect(await connection.expect(UPDATE)).toBe(announceWeb)
    let over = false
    void speaker.done.then(() => {
      over = true
    })
    await new Promise(setImmediate)
    clock.advance(59_000)
    await new Promise(setImmediate)
    expect(over).toBe(false)
    clock.advance(1000)
    let next = await connection.next()
    // Half a minute brings a KEEPALIVE now and then.
    while (next.type === KEEPALIVE) next = await connection.next()
    expect(next.body).toBe(announceWeb)
  })

  test('it shuts the session down with a message (RFC 9003), and opens it again', async () => {
    const { connection, peer } = await start(`
  - announce: [{ prefix: 198.51.100.0/24, asPath: 64501 }]
  - endOfRib: [ipv4]
  - shutdown: back at five
  - open: true
  - withdraw: [198.51.100.0/24]`)
    await connection.expect(UPDATE)
    await connection.expect(UPDATE)
    const text = Buffer.from('back at five').toString('hex')
    expect(await connection.expect(NOTIFICATION)).toBe(`0602${'0c'}${text}`)
    connection.end()
    const again = await shake(await peer.accept())
    // What was announced before is announced again, then the steps go on.
    expect(await again.expect(UPDATE)).toBe(announceWeb)
    expect(await again.expect(UPDATE)).toBe('00000000')
    expect(await again.expect(UPDATE)).toBe(withdrawWeb)
  })

  test('it comes back when the peer breaks the session, and announces its table again', async () => {
    const { connection, clock, peer, log } = await start(`
  - announce: [{ prefix: 198.51.100.0/24, asPath: 64501 }]
  - endOfRib: [ipv4]`)
    await connection.expect(UPDATE)
    await connection.expect(UPDATE)
    connection.destroy()
    const accepted = peer.accept()
    while (!log.some((line) => line.includes('went down'))) await new Promise(setImmediate)
    clock.advance(120_000)
    const again = await shake(await accepted)
    expect(await again.expect(UPDATE)).toBe(announceWeb)
    expect(await again.expect(UPDATE)).toBe('00000000')
  })

  test('a passive speaker waits to be called', async () => {
    const text = `local: { asn: 64501, routerId: 192.0.2.1 }
remote: { address: 127.0.0.1, asn: 64500 }
mode: passive
listen: { address: 127.0.0.1, port: 0 }
steps: [{ endOfRib: [ipv4] }]`
    speaker = await startSpeaker(parseScenario(text, 'test.yaml'), { clock: createFakeClock() })
    const port = speaker.addresses[0]?.port ?? 0
    const connection = await connectPeer(port)
    await shake(connection)
    expect(await connection.expect(UPDATE)).toBe('00000000')
  })

  test('closing ends what waits, and tells the peer', async () => {
    const { connection, speaker } = await start('  - wait: 3600')
    const closing = speaker.close('that is all')
    const text = Buffer.from('that is all').toString('hex')
    expect(await connection.expect(NOTIFICATION)).toBe(`0602${'0b'}${text}`)
    connection.end()
    await closing
    await speaker.done
  })
})
