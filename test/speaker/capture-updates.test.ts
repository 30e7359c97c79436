/** Captures as what a speaker sends: counted by the vectors' manifest, and told again in other settings. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readCaptureUpdates } from '../../src/speaker/capture-updates.ts'
import { decodeUpdateValues } from '../../src/wire/update-values.ts'
import { sharedVectors } from '../support/vectors.ts'

const today = { as4: true, maxMessageLength: 4096 }
const plain = { addPathIpv4: false, addPathIpv6: false }

interface ManifestFile {
  /** null: counted, but not among the vectors. */
  readonly file: string | null
  readonly kind: string
  readonly counts?: { readonly UPDATE?: number }
}

function filesWithUpdates(): ManifestFile[] {
  if (sharedVectors === undefined) return []
  const text = readFileSync(`${sharedVectors}/MANIFEST.json`, 'utf8')
  const { files } = JSON.parse(text) as { files: ManifestFile[] }
  return files.filter(
    ({ file, kind, counts }) =>
      file !== null && ['pcap', 'mrt'].includes(kind) && (counts?.UPDATE ?? 0) > 0,
  )
}

function decode(octets: Uint8Array, as4: boolean) {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  return decodeUpdateValues(view, 0, octets.length, { ...plain, as4 })
}

describe.runIf(sharedVectors !== undefined)('readCaptureUpdates', () => {
  test.for(filesWithUpdates())(
    '$file: as many UPDATEs as its manifest says',
    async ({ file, counts }) => {
      const { count } = await readCaptureUpdates(`${sharedVectors}/${file}`)
      expect(count).toBe(counts?.UPDATE)
    },
  )

  test('a capture with 2-octet AS numbers is told again with four, the path unchanged', async () => {
    const file = `${sharedVectors}/pcap/bgp-rs__BGP_AS_set.cap`
    const { messages } = await readCaptureUpdates(file)
    const [old] = [...messages({ ...today, as4: false })].map((octets) => decode(octets, false))
    const [fresh] = [...messages(today)].map((octets) => decode(octets, true))
    expect(fresh?.nlri).toEqual(old?.nlri)
    const path = fresh?.attributes.find(({ value }) => value.kind === 'asPath')
    expect(path).toEqual(old?.attributes.find(({ value }) => value.kind === 'asPath'))
    // tshark 4.0.17 shows "30 {10, 20}" for it.
    expect(path?.value).toEqual({
      kind: 'asPath',
      segments: [
        { type: 2, asns: [30] },
        { type: 1, asns: [10, 20] },
      ],
    })
  })

  test('each route of a RIB dump is an UPDATE', async () => {
    const { count } = await readCaptureUpdates(
      `${sharedVectors}/mrt/mrtparse__openbgpd_rib_table-v2`,
    )
    // The manifest, after bgpdump 1.6.2: 11 of IPv4, 20 of IPv6.
    expect(count).toBe(31)
  })

  test('a sender that is not there', async () => {
    const file = `${sharedVectors}/pcap/bgp-rs__BGP_AS_set.cap`
    await expect(readCaptureUpdates(file, '192.0.2.99')).rejects.toThrow(
      /there is no UPDATE from 192\.0\.2\.99, only from /,
    )
  })
})

describe('files that are no captures', () => {
  test('a text file', async () => {
    await expect(readCaptureUpdates('package.json')).rejects.toThrow('unknown file format')
  })
})
