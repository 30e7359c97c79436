/** Captures through the engine; verdicts written by hand from what the messages say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { defaultPolicy, type Policy, type Registration } from '../../src/engine/types.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { type ExpectedSession, replayFiles } from '../../src/replay/replay.ts'
import {
  attributes,
  bgp,
  bgp4mpHead,
  joinOctets,
  keepalive,
  mrt,
  open,
  type Piece,
  pcapFile,
  peerIndexTable,
  ribRecord,
  tcpPacket,
  u16,
  update,
} from '../support/capture-builder.ts'

/** The AS numbers here are those for documentation. */
const policy: Policy = { ...defaultPolicy, bogonAsn: 'off' }
const T0 = 1_700_000_000
const community = 8075 * 65536 + 8007
const good = attributes([64501], { communities: [community] })
const bare = attributes([64501])
const endOfRib = update([], [])

const web: Registration = {
  name: 'web',
  prefix: parsePrefix('198.51.100.0/24'),
  originAsns: [64501],
}
const mail: Registration = { ...web, name: 'mail', prefix: parsePrefix('203.0.113.0/24') }
const edge: ExpectedSession = {
  name: 'edge-a',
  address: '192.0.2.1',
  asn: 64501,
  localAsn: 64500,
  families: ['ipv4', 'ipv6'],
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgpwarden-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function save(name: string, octets: Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, octets)
  return file
}

/** Messages of 192.0.2.1 AS64501 to 192.0.2.2 AS64500, as [seconds after T0, message]. */
function mrtFile(messages: readonly (readonly [number, Piece])[], peer = '192.0.2.1', asn = 64501) {
  const head = bgp4mpHead(asn, 64500, peer, '192.0.2.2')
  return joinOctets(
    ...messages.map(([time, message]) => mrt(16, 4, joinOctets(head, message), T0 + time)),
  )
}

function state(time: number, from: number, to: number): Uint8Array {
  const head = bgp4mpHead(64501, 64500, '192.0.2.1', '192.0.2.2')
  return mrt(16, 5, joinOctets(head, u16(from), u16(to)), T0 + time)
}

async function run(
  files: readonly string[],
  sessions: readonly ExpectedSession[] = [edge],
  registrations: readonly Registration[] = [web],
) {
  const result = await replayFiles(files, { policy, sessions, registrations })
  const { view } = result.engine
  return {
    ...result,
    verdicts: view.prefixes().map(({ name, state, reasons }) => [name, state, reasons]),
    history: result.events.map(({ time, name, to, opened, closed }) => {
      const changes = [...opened.map((f) => `+${f.reason}`), ...closed.map((f) => `-${f.reason}`)]
      return `${time / 1000 - T0} ${name} ${to} ${changes.join(' ')}`.trim()
    }),
  }
}

describe('replay', () => {
  test('a verified prefix, a failing one, and its recovery, at capture time', async () => {
    const file = save(
      'a.mrt',
      mrtFile([
        [0, open(64501, '192.0.2.1')],
        [0, keepalive],
        [1, update(['198.51.100.0/24'], good)],
        [1, endOfRib],
        [10, update(['198.51.100.0/24'], bare)],
        [25, update(['198.51.100.0/24'], good)],
        [40, update([], [], ['198.51.100.0/24'])],
      ]),
    )
    const { verdicts, history } = await run([file])
    expect(history.slice(-4)).toEqual([
      '1 web Verified',
      '10 web Failed +missing-community',
      '25 web Verified -missing-community',
      '40 web Failed +not-received',
    ])
    expect(verdicts).toEqual([['web', 'Failed', ['not-received']]])
  })

  test('without End-of-RIB the table is complete when its time is over, to the second', async () => {
    const file = save(
      'a.mrt',
      mrtFile([
        [0, keepalive],
        [3, update(['203.0.113.0/24'], good)],
        [600, keepalive],
      ]),
    )
    const { history } = await run([file])
    expect(history.at(-1)).toBe('60 web Failed +not-received')
  })

  test('the end of the capture stands for End-of-RIB', async () => {
    const file = save(
      'a.mrt',
      mrtFile([
        [0, keepalive],
        [3, update(['198.51.100.0/24'], good)],
      ]),
    )
    const { history } = await run([file])
    expect(history.at(-1)).toBe('3 web Verified')
  })

  test('a session that goes down and comes back', async () => {
    const file = save(
      'a.mrt',
      joinOctets(
        mrtFile([
          [0, update(['198.51.100.0/24'], good)],
          [1, endOfRib],
        ]),
        state(20, 6, 1),
        state(30, 5, 6),
        mrtFile([
          [31, update(['198.51.100.0/24'], good)],
          [32, endOfRib],
        ]),
      ),
    )
    const { history, sessions } = await run([file])
    expect(history.slice(-3)).toEqual([
      '20 web Warning +session-down',
      '30 web Pending -session-down',
      '32 web Verified',
    ])
    expect(sessions).toMatchObject([{ name: 'edge-a', established: true, tally: { downs: 1 } }])
  })

  test('a NOTIFICATION from the other side ends the session too', async () => {
    const packet = (forth: boolean, seq: number, data: Piece) =>
      tcpPacket({
        from: forth ? '192.0.2.1' : '192.0.2.2',
        to: forth ? '192.0.2.2' : '192.0.2.1',
        fromPort: forth ? 40_000 : 179,
        toPort: forth ? 179 : 40_000,
        seq,
        data,
      })
    const frames = [
      packet(true, 1, joinOctets(keepalive, update(['198.51.100.0/24'], good), endOfRib)),
      packet(false, 1, bgp(3, [6, 2])),
    ].map((octets, i) => ({ octets, time: T0 + i }))
    const { verdicts, sessions } = await run([save('a.pcap', pcapFile(frames, { linkType: 101 }))])
    expect(verdicts).toEqual([['web', 'Warning', ['session-down']]])
    expect(sessions).toMatchObject([{ established: false }])
  })

  test('an UPDATE that ends sessions is told, and the capture goes on', async () => {
    const broken = bgp(2, u16(0), u16(good.length), good, [33, 1, 2, 3, 4])
    const file = save(
      'a.mrt',
      mrtFile([
        [0, broken],
        [1, update(['198.51.100.0/24'], good)],
      ]),
    )
    const { verdicts, sessions } = await run([file])
    expect(verdicts).toEqual([['web', 'Verified', []]])
    expect(sessions[0]?.tally).toMatchObject({ updates: 2, refused: 1 })
    expect(sessions[0]?.tally?.firstRefused).toMatch(/^NLRI cannot be read/)
  })

  test('a RIB dump is a whole table; UPDATEs of another file go on from it', async () => {
    const dump = joinOctets(
      peerIndexTable([['192.0.2.1', 64501]]),
      ribRecord(2, '198.51.100.0/24', [[0, good]]),
    )
    const later = mrtFile([[100, update(['203.0.113.0/24'], good)]])
    const files = [save('updates.mrt', later), save('rib.mrt', dump)]
    const { verdicts, history, reports, sessions } = await run(files, [edge], [web, mail])
    // In the order of their beginnings, however they were named.
    expect(reports.map(({ file }) => file)).toEqual([files[1], files[0]])
    expect(verdicts).toEqual([
      ['web', 'Verified', []],
      ['mail', 'Verified', []],
    ])
    expect(history).toContain('0 mail Failed +not-received')
    expect(sessions).toMatchObject([{ name: 'edge-a', counts: { prefixes: { ipv4: 2, ipv6: 0 } } }])
  })

  test('without sessions in the configuration every one that announces is judged', async () => {
    const files = [
      save('a.mrt', mrtFile([[0, update(['198.51.100.0/24'], good)]])),
      save('b.mrt', mrtFile([[1, update(['203.0.113.0/24'], good)]], '192.0.2.9', 64509)),
      save('c.mrt', mrtFile([[2, keepalive]], '192.0.2.10', 64510)),
    ]
    const { sessions, verdicts } = await run(files, [])
    expect(sessions.map(({ name, judged }) => [name, judged])).toEqual([
      ['192.0.2.1 AS64501', true],
      ['192.0.2.9 AS64509', true],
    ])
    expect(verdicts).toEqual([['web', 'Failed', ['not-received']]])
  })

  test('sessions that the configuration does not know are shown and expected to do nothing', async () => {
    const files = [
      save('a.mrt', mrtFile([[0, update(['198.51.100.0/24'], good)]])),
      save('b.mrt', mrtFile([[1, update(['203.0.113.0/24'], good)]], '192.0.2.9', 64509)),
    ]
    const other: ExpectedSession = { ...edge, name: 'edge-b', address: '192.0.2.7' }
    const { sessions, verdicts } = await run(files, [edge, other])
    expect(sessions.map(({ name, judged, found }) => [name, judged, found !== null])).toEqual([
      ['edge-a', true, true],
      ['edge-b', true, false],
      ['192.0.2.9 AS64509', false, true],
    ])
    expect(sessions[2]?.counts.prefixes).toEqual({ ipv4: 1, ipv6: 0 })
    expect(verdicts).toEqual([['web', 'Warning', ['session-down']]])
  })

  test('a damaged file counts as far as it goes', async () => {
    const whole = mrtFile([
      [0, update(['198.51.100.0/24'], good)],
      [1, endOfRib],
    ])
    const file = save('a.mrt', whole.subarray(0, whole.length - 3))
    const { verdicts, reports } = await run([file])
    expect(verdicts).toEqual([['web', 'Verified', []]])
    expect(reports[0]?.damage?.message).toMatch(
      /the file is cut off: a record with its header of \d+ octets begins here, \d+ are left$/,
    )
  })

  test('progress goes from nothing to all', async () => {
    const file = save('a.mrt', mrtFile([[0, keepalive]]))
    const parts: number[] = []
    await replayFiles([file, file], {
      policy,
      sessions: [],
      registrations: [],
      progress: (part) => parts.push(part),
    })
    expect(parts).toEqual([0.25, 0.5, 0.75, 1])
  })

  test('nothing at all', async () => {
    const { sessions, firstTime, verdicts } = await run([save('a.mrt', new Uint8Array(0))], [])
    expect(sessions).toEqual([])
    expect(firstTime).toBeNull()
    expect(verdicts).toEqual([['web', 'Invalid', []]])
  })
})
