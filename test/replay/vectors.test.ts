import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readCapture } from '../../src/replay/capture.ts'
import type { CaptureEndpoint, MessageItem } from '../../src/replay/items.ts'
import { summarise } from '../../src/replay/summary.ts'
import { MessageType } from '../../src/wire/codes.ts'
import { hexOf, readJsonLines, sharedVectors } from '../support/vectors.ts'

interface VectorFile {
  readonly kind: string
  readonly path: string
  readonly file: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly bgpdump?: Readonly<Record<string, number>>
  readonly unparsedByteRuns?: readonly number[]
  readonly packets?: number
}

interface MessageRecord {
  readonly path: string
  readonly src: string
  readonly dst: string
  readonly type: string
  readonly hex: string
  readonly as4?: boolean
  readonly as4Inferred?: boolean
  readonly addPath?: readonly (readonly [number, number])[]
}

const messageFiles = [
  'pcap-bgp-rs.jsonl',
  'pcap-ndpi.jsonl',
  'pcap-netgauze.jsonl',
  'pcap-pcapplusplus.jsonl',
  'pcap-pmacct.jsonl',
  'pcap-ryu.jsonl',
  'pcap-scapy.jsonl',
  'pcap-tcpdump.jsonl',
]

function endpointText({ address, port }: CaptureEndpoint): string {
  return `${address}:${port}`
}

/** Ends, octets, and the settings that bear on the octets. */
function describeMessage({ session, type, view, start, end }: MessageItem): string {
  const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start)
  const { as4, addPathIpv4, addPathIpv6 } = session.settings
  const ends = `${endpointText(session.source)} ${endpointText(session.destination)}`
  // Of the others the settings are not to be known yet.
  if (type !== MessageType.update) return `${ends} ${hexOf(octets)}`
  return `${ends} as4=${as4} paths=${addPathIpv4},${addPathIpv6} ${hexOf(octets)}`
}

/** The same of a record; where as4 makes no difference, whatever was found is taken. */
function recordText(record: MessageRecord, found: readonly string[]): string {
  if (record.type !== 'UPDATE') return `${record.src} ${record.dst} ${record.hex}`
  const paths = (afi: number) => (record.addPath ?? []).some(([a, s]) => a === afi && s === 1)
  const text = (as4: boolean) =>
    `${record.src} ${record.dst} as4=${as4} paths=${paths(1)},${paths(2)} ${record.hex}`
  if (record.as4 !== undefined) return text(record.as4)
  return found.includes(text(true)) ? text(true) : text(false)
}

function vectorFiles(kind: string): (VectorFile & { file: string })[] {
  if (sharedVectors === undefined) return []
  const manifest = JSON.parse(readFileSync(`${sharedVectors}/MANIFEST.json`, 'utf8')) as {
    files: VectorFile[]
  }
  return manifest.files.filter(
    (entry): entry is VectorFile & { file: string } => entry.kind === kind && entry.file !== null,
  )
}

/** The manifest leaves out what is 0. */
function withoutZeros(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0))
}

async function countsOf(file: string) {
  const { counts, reports } = await summarise([`${sharedVectors}/${file}`])
  const { messages, ribV4, ribV6, stateChanges, lostOctets, unparsedOctets, ...prefixes } = counts
  return {
    report: reports[0],
    ribV4,
    ribV6,
    stateChanges,
    unparsedOctets,
    lostOctets,
    counts: withoutZeros({ ...messages, ...prefixes }),
  }
}

describe.runIf(sharedVectors)('shared captures', () => {
  test.for(vectorFiles('pcap'))('$file', async ({ file, counts, unparsedByteRuns, packets }) => {
    const found = await countsOf(file)
    expect(found.report?.damage).toBeNull()
    expect(found.counts).toEqual(withoutZeros(counts))
    expect(found.report?.packets.packets).toBe(packets)
    expect(found.unparsedOctets).toBe((unparsedByteRuns ?? []).reduce((a, b) => a + b, 0))
  })

  test.for(vectorFiles('mrt'))('$file', async ({ file, counts, bgpdump }) => {
    const found = await countsOf(file)
    expect(found.report?.damage).toBeNull()
    expect(found.report?.records.firstMalformed).toBeNull()
    expect(found.counts).toEqual(withoutZeros(counts))
    expect(found.ribV4).toBe(bgpdump?.['ribV4'] ?? 0)
    expect(found.ribV6).toBe(bgpdump?.['ribV6'] ?? 0)
  })

  test.for(messageFiles)('messages of %s, octet by octet', async (name) => {
    const wanted = readJsonLines<MessageRecord>(`messages/${name}`)
    const found = new Map<string, string[]>()
    for (const path of new Set(wanted.map(({ path }) => path))) {
      const entry = vectorFiles('pcap').find((file) => file.path === path)
      if (entry === undefined) continue
      const messages: string[] = []
      found.set(path, messages)
      await readCapture(`${sharedVectors}/${entry.file}`, (item) => {
        if (item.kind === 'message') messages.push(describeMessage(item))
      })
    }
    const checked = wanted.filter(({ path }) => found.has(path))
    expect(checked.length).toBeGreaterThan(0)
    for (const record of checked) {
      expect(found.get(record.path)).toContain(recordText(record, found.get(record.path) ?? []))
    }
  })
})
