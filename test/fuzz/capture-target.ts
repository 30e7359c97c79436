/** Whole capture files: pcap, pcapng and MRT, plain or compressed, damaged anywhere. */
import { gzipSync } from 'node:zlib'
import type { Random } from '../../bench/random.ts'
import { readCaptureOctets } from '../../src/replay/capture.ts'
import { createCensus } from '../../src/replay/census.ts'
import { HEADER_LENGTH } from '../../src/wire/codes.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import { UpdateDecoder } from '../../src/wire/update.ts'
import {
  attributes,
  bgp4mpHead,
  joinOctets,
  keepalive,
  mrt,
  pcapng,
  peerIndexTable,
  ribRecord,
  u16,
  update,
} from '../support/capture-builder.ts'
import { bytesOf } from '../support/vectors.ts'
import { mutate, pick } from './mutate.ts'
import { captureFiles, messages } from './seeds.ts'
import { demand, expectOnly, target } from './target.ts'
import { recorder } from './update-target.ts'

/** Frames of a little-endian pcap file of Ethernet. */
function* framesOf(pcap: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength)
  const little = view.getUint32(0, true) === 0xa1b2c3d4 || view.getUint32(0, true) === 0xa1b23c4d
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = view.getUint32(at + 8, little)
    yield pcap.subarray(at + 16, at + 16 + length)
    at += 16 + length
  }
}

function asPcapng(pcap: Uint8Array, little: boolean): Uint8Array {
  const writer = pcapng(little)
  const linkType = new DataView(pcap.buffer, pcap.byteOffset).getUint32(20, true)
  const packets = [...framesOf(pcap)].map((frame, i) =>
    writer.packet(0, 1_700_000_000_000_000n + BigInt(i), frame),
  )
  return joinOctets(writer.section(), writer.interface(linkType, 6), ...packets)
}

function mrtFile(): Uint8Array {
  const head = bgp4mpHead(64501, 64500, '192.0.2.9', '192.0.2.1')
  const head6 = bgp4mpHead(64501, 64500, '2001:db8::9', '2001:db8::1')
  const set = attributes([64501, 3356])
  return joinOctets(
    peerIndexTable([
      ['192.0.2.9', 64501],
      ['2001:db8::9', 64502],
    ]),
    ribRecord(2, '198.51.100.0/24', [[0, set]]),
    ribRecord(4, '2001:db8::/32', [[1, set]]),
    ribRecord(8, '198.51.100.0/24', [[0, set, 7]]),
    mrt(16, 5, joinOctets(head, u16(3), u16(6))),
    mrt(16, 4, joinOctets(head, update(['198.51.100.0/24']))),
    mrt(16, 4, joinOctets(head6, keepalive)),
    ...messages.slice(0, 20).map((message) => mrt(16, 4, joinOctets(head, message))),
  )
}

const seeds: readonly Uint8Array[] = [
  ...captureFiles,
  ...captureFiles.slice(0, 3).map((file, i) => asPcapng(file, i !== 1)),
  mrtFile(),
]
/** bzip2 of `hello`, made with libbzip2: the door to that reader. */
const bzip2 = bytesOf(
  '425a68393141592653591931653d00000081000244a000219a68334d07338bb9229c28480c98b29e80',
)

interface CaptureInput {
  readonly name: string
  readonly octets: Uint8Array
}

function generate(random: Random): CaptureInput {
  const name = random.chance(0.1) ? 'rib.20261121.mrt' : 'fuzz'
  if (random.chance(0.03)) return { name, octets: mutate(bzip2, random) }
  const changed = mutate(pick(random, seeds), random, seeds)
  if (!random.chance(0.05)) return { name, octets: changed }
  const packed = new Uint8Array(gzipSync(changed))
  return { name, octets: random.chance(0.5) ? mutate(packed, random) : packed }
}

const decoder = new UpdateDecoder()

export const captureTarget = target<CaptureInput>({
  name: 'capture',
  generate,
  async check({ name, octets }) {
    const census = createCensus()
    let items = 0
    const report = await readCaptureOctets(name, octets, (item) => {
      items++
      census.count(item)
      if (item.kind !== 'message') return
      const { view, start, end, session } = item
      demand(end - start >= HEADER_LENGTH && end <= view.byteLength, 'a message beyond its buffer')
      if (item.type !== 2) return
      const { sink } = recorder()
      expectOnly([ProtocolError], () => decoder.decode(view, start, end, session.settings, sink))
    })
    demand(items < 100_000, `${items} items of ${octets.length} octets`)
    if (report.damage) demand(report.damage.message !== '', 'damage without words')
    else demand(report.format !== null, 'neither a format nor damage')
  },
})
