import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { summarise } from '../../src/replay/summary.ts'
import { sharedVectors } from '../support/vectors.ts'

interface VectorFile {
  readonly kind: string
  readonly file: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly bgpdump?: Readonly<Record<string, number>>
  readonly unparsedByteRuns?: readonly number[]
  readonly packets?: number
}

const messageTypes = ['OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH']

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
    expect(
      Object.keys(found.counts).every(
        (key) => messageTypes.includes(key) || /V[46]|Updates|Messages/.test(key),
      ),
    ).toBe(true)
  })
})
