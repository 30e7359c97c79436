import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { bunzip2 } from './bunzip2.ts'
import { CaptureError } from './capture-error.ts'
import { OctetReader } from './octet-reader.ts'

export type Compression = 'gzip' | 'bzip2'

/** @param read octets of the file as it lies on the disk, out of `total` */
export type Progress = (read: number, total: number) => void

const CHUNK = 1 << 16

const openProblems: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not permitted',
}

function openError(file: string, error: unknown): unknown {
  const problem = openProblems[(error as NodeJS.ErrnoException).code ?? '']
  return problem === undefined ? error : new CaptureError(file, 0, 'octet', problem)
}

/** Chunks of a file. Reads where the caller waits: a replay has nothing else to do. */
function* readChunks(
  file: string,
  handle: number,
  total: number,
  progress?: Progress,
): Generator<Uint8Array> {
  let read = 0
  try {
    for (;;) {
      const chunk = new Uint8Array(CHUNK)
      const octets = readSync(handle, chunk, 0, CHUNK, null)
      if (octets === 0) return
      read += octets
      progress?.(read, total)
      yield chunk.subarray(0, octets)
    }
  } catch (error) {
    throw openError(file, error)
  } finally {
    closeSync(handle)
  }
}

/**
 * Decompresses gzip data, several members one after the other included. Compressed octets are fed in
 * small portions, because a portion may grow a thousandfold and all of that is then held.
 */
async function* gunzip(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const PORTION = 4096
  const output: Uint8Array[] = []
  const inflater = createGunzip()
  let failure: Error | undefined
  let wake = () => {}
  inflater.on('data', (octets: Uint8Array) => output.push(octets))
  inflater.on('error', (error) => {
    failure = error
    wake()
  })
  inflater.on('close', () => wake())
  const wait = (start: (done: () => void) => void) =>
    new Promise<void>((resolve) => {
      wake = resolve
      start(resolve)
    })
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PORTION) {
        await wait((done) => inflater.write(chunk.subarray(at, at + PORTION), done))
        yield* output.splice(0)
        if (failure) throw failure
      }
    }
    await wait(() => inflater.end())
    yield* output.splice(0)
    if (failure) throw failure
  } finally {
    inflater.destroy()
  }
}

/** What a file's first octets say: gzip (RFC 1952 §2.3.1) or bzip2. */
function compressionOf(head: Uint8Array): Compression | undefined {
  const [a, b, c] = head
  if (a === 0x1f && b === 0x8b) return 'gzip'
  return a === 0x42 && b === 0x5a && c === 0x68 ? 'bzip2' : undefined
}

function* startingWith(head: Uint8Array, rest: Iterator<Uint8Array>): Generator<Uint8Array> {
  try {
    yield head
    for (let next = rest.next(); !next.done; next = rest.next()) yield next.value
  } finally {
    rest.return?.()
  }
}

/**
 * Opens a file and looks through its compression, which is recognised by content.
 * @returns the reader of the decompressed content; close it when done
 * @throws CaptureError when the file cannot be opened
 */
export function openCapture(
  file: string,
  progress?: Progress,
): { reader: OctetReader; compression: Compression | undefined } {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    throw openError(file, error)
  }
  const stat = fstatSync(handle)
  if (!stat.isFile()) {
    closeSync(handle)
    const what = stat.isDirectory() ? 'it is a directory' : 'it is no regular file'
    throw new CaptureError(file, 0, 'octet', `${what}, expected a capture file`)
  }
  const chunks = readChunks(file, handle, stat.size, progress)
  const first = chunks.next()
  const head = first.done ? new Uint8Array(0) : first.value
  return openChunks(file, startingWith(head, chunks), compressionOf(head))
}

/**
 * The same for content in memory.
 * @param file named in errors
 */
export function openOctets(
  file: string,
  octets: Uint8Array,
): { reader: OctetReader; compression: Compression | undefined } {
  return openChunks(file, [octets], compressionOf(octets))
}

function openChunks(
  file: string,
  chunks: Iterable<Uint8Array>,
  compression: Compression | undefined,
): { reader: OctetReader; compression: Compression | undefined } {
  if (compression === undefined) return { reader: new OctetReader(file, chunks), compression }
  const content = compression === 'gzip' ? gunzip(chunks) : bunzip2(chunks)
  return { reader: new OctetReader(file, content, 'decompressed octet'), compression }
}
