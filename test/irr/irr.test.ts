import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DumpError, readAutNum, readDumps } from '../../src/irr/dump.ts'
import { createIrr, type Irr, type IrrOptions } from '../../src/irr/irr.ts'
import { createRouteObjects } from '../../src/irr/route-objects.ts'
import { askOrigins, readIrrdAnswer, WhoisError } from '../../src/irr/whois.ts'
import { coversPrefix, equalPrefix, Family, maskPrefix } from '../../src/prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../src/prefix/text.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const ripe = `
route: 198.51.100.0/24
origin: AS64501
source: RIPE

route: 198.51.0.0/16
origin: AS64502
source: RIPE

route6: 2001:db8::/32
origin: AS64501
source: RIPE

aut-num: AS64501
as-name: CONTOSO
source: RIPE

route: 198.51.100.300/24
origin: AS64501
source: RIPE
`
const radb = `
route: 203.0.113.0/24
origin: AS64503
source: RADB

route: 203.0.113.0/24
origin: AS64504
source: RADB
`

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bgpwarden-irr-'))
  writeFileSync(join(directory, 'ripe.db'), ripe)
  writeFileSync(join(directory, 'radb.db.gz'), gzipSync(radb))
})
afterAll(() => rmSync(directory, { recursive: true }))

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

function irr(options: Partial<IrrOptions> = {}): Irr {
  const files = [join(directory, 'ripe.db'), join(directory, 'radb.db.gz')]
  const made = createIrr({ files, servers: [], clock: createFakeClock(), ...options })
  closers.push(made.close)
  return made
}

/** A server that answers one query as a test says. */
async function server(answer: (query: string) => string): Promise<number> {
  const sockets = new Set<Socket>()
  const listening = createServer((socket) => {
    sockets.add(socket)
    let query = ''
    socket.on('data', (piece) => {
      query += piece.toString('latin1')
      if (query.endsWith('!q\n') || query.endsWith('\r\n')) socket.end(answer(query))
    })
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return (listening.address() as AddressInfo).port
}

describe('dumps', () => {
  test('plain and gzip, with progress; what cannot be read is counted', async () => {
    const seen: string[] = []
    const files = [join(directory, 'ripe.db'), join(directory, 'radb.db.gz')]
    const data = await readDumps(files, ({ file, read, size, objects }) => {
      seen.push(`${file.slice(directory.length + 1)} ${read === size} ${objects}`)
    })
    expect(data.routes.count()).toBe(5)
    expect(data.routes.sources()).toEqual(['RIPE', 'RADB'])
    expect(data.skipped).toBe(1)
    expect(data.autNums.get(64501)).toEqual(['RIPE'])
    expect(seen).toEqual(['ripe.db true 4', 'radb.db.gz true 1'])
  })

  test('a file that is missing or broken is named', async () => {
    const missing = join(directory, 'none.db')
    await expect(readDumps([missing])).rejects.toThrow(DumpError)
    await expect(readDumps([missing])).rejects.toThrow(`${missing} cannot be read`)
    const broken = join(directory, 'broken.gz')
    writeFileSync(broken, gzipSync(ripe).subarray(0, 40))
    await expect(readDumps([broken])).rejects.toThrow(`${broken} cannot be read`)
  })

  test.each([
    ['AS64500', 64500],
    ['as1.10', 65546],
    ['AS4294967295', 4294967295],
    ['AS4294967296', undefined],
    ['AS1.65536', undefined],
    ['64500', undefined],
  ])('reads %s', (text, asn) => {
    expect(readAutNum(text)).toBe(asn)
  })
})

test('route objects equal a list that is searched from end to end', () => {
  const anyPrefix = fc
    .record({
      family: fc.constantFrom(Family.ipv4, Family.ipv6),
      length: fc.nat(32),
      w0: fc.constantFrom(0, -1, 0x0a000000, 0x0a010000, -0x80000000),
    })
    .map((p) => maskPrefix({ ...p, w1: 0, w2: 0, w3: 0 }))
  const anyRecord = fc.record({ prefix: anyPrefix, origin: fc.nat(4_294_967_295) })
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 40 }), anyPrefix, (records, asked) => {
      const objects = createRouteObjects()
      for (const { prefix, origin } of records) objects.add(prefix, origin, 'RIPE')
      const text = (list: readonly { prefix: typeof asked; origin: number }[]) =>
        list.map(({ prefix, origin }) => `${formatPrefix(prefix)} ${origin}`).sort()
      const exact = records.filter(({ prefix }) => equalPrefix(prefix, asked))
      const above = records.filter(({ prefix }) => coversPrefix(prefix, asked))
      expect(text(objects.find(asked))).toEqual(text(exact))
      expect(text(objects.covering(asked))).toEqual(text(above))
    }),
    { numRuns: 500 },
  )
})

describe('ownership', () => {
  test.each([
    ['198.51.100.0/24', 64501, undefined, { kind: 'recorded', source: 'RIPE' }],
    ['2001:db8::/32', 64501, 'RIPENCC', { kind: 'recorded', source: 'RIPE' }],
    ['198.51.100.0/24', 64501, 'RADB', { kind: 'not-recorded' }],
    ['203.0.113.0/24', 64501, undefined, { kind: 'other-origin', origins: [64504, 64503] }],
    ['192.0.2.0/24', 64501, undefined, { kind: 'not-recorded' }],
  ] as const)('of %s by AS%i in %s', async (prefix, asn, registry, said) => {
    expect(await irr().ownership(parsePrefix(prefix), asn, registry)).toEqual(said)
  })

  test('names the less specific records when there is none of the prefix itself', async () => {
    const said = await irr().ownership(parsePrefix('198.51.7.0/24'), 64502)
    expect(said).toMatchObject({ kind: 'covered', records: [{ origin: 64502, source: 'RIPE' }] })
  })

  test('is unknown when there is nothing to ask', async () => {
    const none = await irr({ files: [] }).ownership(parsePrefix('192.0.2.0/24'), 1)
    expect(none.kind).toBe('unknown')
    const missing = irr({ files: [join(directory, 'none.db')] })
    expect((await missing.ownership(parsePrefix('192.0.2.0/24'), 1)).kind).toBe('unknown')
    expect(missing.status().problem).toMatch(/none\.db cannot be|no such file/)
  })

  test('follows a file that changes, and keeps the old data when it breaks', async () => {
    const file = join(directory, 'changing.db')
    writeFileSync(file, radb)
    const made = irr({ files: [file] })
    const ask = () => made.ownership(parsePrefix('198.51.100.0/24'), 64501)
    expect((await ask()).kind).toBe('not-recorded')
    writeFileSync(file, ripe)
    await made.refresh()
    expect((await ask()).kind).toBe('recorded')
    expect(made.knowsAsn(64501)).toBe(true)
    expect(made.knowsAsn(64599)).toBe(false)
    rmSync(file)
    await made.refresh()
    expect((await ask()).kind).toBe('recorded')
    expect(made.status().problem).toContain('changing.db')
  })
})

describe('servers', () => {
  const prefix = parsePrefix('198.51.100.0/24')

  test('of the IRRd kind', async () => {
    let asked = ''
    const port = await server((query) => {
      asked = query
      return 'C\nA16\nAS64501 AS64502\nC\n'
    })
    const one = { host: '127.0.0.1', port, style: 'irrd', sources: ['RADB', 'RIPE'] } as const
    expect(await askOrigins(one, prefix)).toEqual([64501, 64502])
    expect(asked).toBe('!!\n!sRADB,RIPE\n!r198.51.100.0/24,o\n!q\n')
  })

  test.each([
    ['A8\nAS64501\nC\n', 'AS64501'],
    ['D\n', ''],
    ['C\n', ''],
  ])('whose answer is %j', (answer, data) => {
    expect(readIrrdAnswer(answer)).toBe(data)
  })

  test('of the RIPE kind', async () => {
    let asked = ''
    const port = await server((query) => {
      asked = query
      return `% Information\n\n${ripe.slice(0, ripe.indexOf('route: 198.51.0.0'))}`
    })
    const one = { host: '127.0.0.1', port, style: 'ripe', sources: [] } as const
    expect(await askOrigins(one, prefix)).toEqual([64501])
    expect(asked).toBe('-r -x -T route 198.51.100.0/24\r\n')
  })

  test('that do not answer are named', async () => {
    const port = await server(() => 'F Missing required set name\n')
    const one = { host: '127.0.0.1', port, style: 'irrd', sources: [] } as const
    await expect(askOrigins(one, prefix)).rejects.toThrow(WhoisError)
    await expect(askOrigins(one, prefix)).rejects.toThrow(
      `127.0.0.1 port ${port} gave no answer: it says "Missing required set name"`,
    )
  })

  test.each([
    ['RIPENCC', [], '!sRIPE\n'],
    ['RIPENCC', ['RADB', 'RIPE-NONAUTH'], '!sRIPE-NONAUTH\n'],
    ['RADB', ['RIPE'], ''],
  ] as const)('are asked for %s alone, of %j', async (registry, sources, select) => {
    let asked = ''
    const port = await server((query) => {
      asked = query
      return 'C\nA8\nAS64510\nC\n'
    })
    const made = irr({ servers: [{ host: '127.0.0.1', port, style: 'irrd', sources }] })
    const found = await made.ownership(parsePrefix('192.0.2.0/24'), 64510, registry)
    if (select === '') expect(found).toMatchObject({ kind: 'not-recorded' })
    else {
      expect(found).toEqual({ kind: 'recorded', source: '127.0.0.1' })
      expect(asked).toContain(select)
    }
  })

  test('are asked for what no dump records', async () => {
    const port = await server(() => 'A8\nAS64510\nC\n')
    const one = { host: '127.0.0.1', port, style: 'irrd', sources: [] } as const
    const made = irr({ servers: [one] })
    expect(await made.ownership(parsePrefix('192.0.2.0/24'), 64510)).toEqual({
      kind: 'recorded',
      source: '127.0.0.1',
    })
  })
})
