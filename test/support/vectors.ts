/** The shared test vectors (`../shared/vectors`, beside the repo) and hex, for tests of wire/. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const place = fileURLToPath(new URL('../../../shared/vectors', import.meta.url))

/** Absolute path of `../shared/vectors`; undefined where it is absent. */
export const sharedVectors: string | undefined = existsSync(`${place}/MANIFEST.json`)
  ? place
  : undefined

/**
 * Octets of a file below `../shared/vectors`, decompressed when its name ends in `.gz`.
 * @throws when the vectors are absent: guard the suite with `describe.runIf(sharedVectors)`
 */
export function readVectorFile(relativePath: string): Uint8Array {
  const octets = readFileSync(`${place}/${relativePath}`)
  return relativePath.endsWith('.gz') ? gunzipSync(octets) : octets
}

/**
 * Records of a JSON Lines file (`.jsonl` or `.jsonl.gz`) below `../shared/vectors`, in file order.
 * @returns an empty list where the vectors are absent, so that a suite's table can be built
 *   before `describe.runIf(sharedVectors)` decides
 */
export function readJsonLines<T>(relativePath: string): T[] {
  if (sharedVectors === undefined) return []
  const text = new TextDecoder().decode(readVectorFile(relativePath))
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T)
}

/**
 * Reads hex; blanks and line ends between octets are for the eye.
 * @throws when the text is no even number of hex digits
 */
export function bytesOf(hex: string): Uint8Array {
  const digits = hex.replace(/\s+/g, '')
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new Error(`not hex: ${hex}`)
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  )
}

/** Lower-case hex without blanks. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** A view of exactly these octets (not of the whole underlying buffer). */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A record of `messages/*.jsonl` or `malformed/*.jsonl`, as MANIFEST.json describes it. */
export interface MessageRecord {
  readonly id: string
  /** A name such as `OPEN`; the number where there is no such type, null where none was read. */
  readonly type: string | number | null
  readonly hex: string
  readonly expect?: Record<string, unknown>
  readonly expectIfAccepted?: Record<string, unknown>
  readonly wellFormed?: boolean
  readonly treatment?: string
  readonly notification4271?: { readonly code: number; readonly subcode: number }
  readonly rfcConcerns?: readonly string[]
}

/**
 * All records of a folder below `../shared/vectors` that say they are of one message type.
 * @param folder `messages` or `malformed`
 * @returns an empty list where the vectors are absent
 */
export function messageRecords(
  folder: 'messages' | 'malformed',
  type: string,
): (MessageRecord & { readonly file: string })[] {
  if (sharedVectors === undefined) return []
  return readdirSync(`${place}/${folder}`)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) =>
      readJsonLines<MessageRecord>(`${folder}/${name}`)
        .filter((record) => record.type === type)
        .map((record) => ({ ...record, file: name })),
    )
}
