/** Dumps of routing registries: files of RPSL, plain or gzip, read as a stream. */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Family, maskWord, type Prefix } from '../prefix/prefix.ts'
import { PrefixError, parsePrefix } from '../prefix/text.ts'
import { createRouteObjects, type RouteObjects } from './route-objects.ts'
import { attributeOf, createRpslReader, type RpslObject } from './rpsl.ts'

/** A dump cannot be read; `message` names the file and says why. */
export class DumpError extends Error {
  override readonly name = 'DumpError'
}

/** How far the reading of a file is. */
export interface DumpProgress {
  readonly file: string
  /** Octets of the file, as it lies on the disk. */
  readonly read: number
  readonly size: number
  readonly objects: number
}

/** What dumps hold. */
export interface RegistryData {
  readonly routes: RouteObjects
  /** AS numbers that have an aut-num object, with the registries that have it. */
  readonly autNums: ReadonlyMap<number, readonly string[]>
  /** Objects that said no prefix or AS number that can be read. */
  readonly skipped: number
}

const wanted = new Set(['route', 'route6', 'aut-num'])

/** Reads `192.0.2.0/24` far faster than the general reader, which is for what people write. */
function readIpv4(text: string): Prefix | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)
  if (match === null) return undefined
  let word = 0
  for (let i = 1; i <= 4; i++) {
    const octet = Number(match[i])
    if (octet > 255) return undefined
    word = (word << 8) | octet
  }
  const length = Number(match[5])
  if (length > 32 || maskWord(word, length) !== word) return undefined
  return { family: Family.ipv4, length, w0: word, w1: 0, w2: 0, w3: 0 }
}

function readPrefix(text: string): Prefix | undefined {
  if (!text.includes(':')) return readIpv4(text)
  try {
    return parsePrefix(text)
  } catch (error) {
    if (error instanceof PrefixError) return undefined
    throw error
  }
}

/** Reads `AS64500`; RFC 2622 §2, asdot as in RFC 5396. */
export function readAutNum(text: string): number | undefined {
  const [, high, low] = /^AS(?:(\d{1,5})\.)?(\d{1,10})$/i.exec(text) ?? []
  if (low === undefined) return undefined
  if (high === undefined) return Number(low) <= 0xffffffff ? Number(low) : undefined
  return Number(high) <= 0xffff && Number(low) <= 0xffff
    ? Number(high) * 0x10000 + Number(low)
    : undefined
}

/** Gathers the objects of all dumps. */
function createRegistryData() {
  const routes = createRouteObjects()
  const autNums = new Map<number, string[]>()
  let skipped = 0

  function take(object: RpslObject): void {
    const [head] = object
    if (head === undefined) return
    const [kind, value] = head
    const source = (attributeOf(object, 'source') ?? '').toUpperCase()
    const asn = readAutNum(kind === 'aut-num' ? value : (attributeOf(object, 'origin') ?? ''))
    const prefix = kind === 'aut-num' ? undefined : readPrefix(value)
    if (asn === undefined || (kind !== 'aut-num' && prefix === undefined)) {
      skipped += 1
    } else if (prefix !== undefined) routes.add(prefix, asn, source)
    else {
      const known = autNums.get(asn)
      if (known === undefined) autNums.set(asn, [source])
      else if (!known.includes(source)) known.push(source)
    }
  }

  return {
    take,
    data: (): RegistryData => ({ routes, autNums, skipped }),
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

/**
 * Reads one dump into the data. Other work has its turn between two pieces of the stream.
 * @throws DumpError
 */
async function readDump(
  file: string,
  take: (object: RpslObject) => void,
  onProgress: (progress: DumpProgress) => void,
): Promise<void> {
  const { size } = await stat(file)
  let objects = 0
  const reader = createRpslReader(wanted, (object) => {
    objects += 1
    take(object)
  })
  const source = createReadStream(file)
  // Registries write Latin-1 or UTF-8; what is read here is ASCII in both.
  const consume = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      reader.push(piece.toString('latin1'))
      onProgress({ file, read: source.bytesRead, size, objects })
    }
    reader.end()
  }
  if (await isGzip(file)) await pipeline(source, createGunzip(), consume)
  else await pipeline(source, consume)
}

/**
 * Reads dumps.
 * @param files paths of RPSL files, plain or gzip
 * @throws DumpError that names the file
 */
export async function readDumps(
  files: readonly string[],
  onProgress: (progress: DumpProgress) => void = () => {},
): Promise<RegistryData> {
  const gathered = createRegistryData()
  for (const file of files) {
    await readDump(file, gathered.take, onProgress).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      throw new DumpError(`${file} cannot be read (${why})`)
    })
  }
  return gathered.data()
}
