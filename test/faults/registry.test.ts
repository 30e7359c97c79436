/** A daemon that is killed while clients write its registry over HTTP: nothing acknowledged is lost. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import SqliteFile from 'libsql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { SqlDatabase } from '../../src/store/sql.ts'
import { scratchDirectory } from '../store/support/build.ts'
import { bundle } from '../support/bundle.ts'
import { type Child, startProgram } from '../support/child.ts'
import { seeded } from './support/random.ts'
import { readAudit, readResources, writerToken } from './support/registry-client.ts'
import { createWriter } from './support/registry-writer.ts'

const WRITES = 1000
const WRITERS = 4
/** Writes acknowledged between two kills, at most. */
const PER_ROUND = 180

const scratch = scratchDirectory()
afterAll(scratch.remove)
const path = join(scratch.path, 'registry.db')
const configFile = join(scratch.path, 'bgpwarden.yaml')
writeFileSync(
  configFile,
  stringify({
    local: { asn: 64500, routerId: '192.0.2.1' },
    listen: {
      bgp: [{ address: '127.0.0.1', port: 0 }],
      http: { address: '127.0.0.1', port: 0, tokens: [writerToken] },
    },
    storage: { path },
    log: { level: 'info', format: 'json' },
  }),
)

const children: Child[] = []
afterAll(() => {
  for (const { process } of children) process.kill('SIGKILL')
})

let program = ''

function start(): Child {
  const child = startProgram(program, 'run', '-c', configFile)
  children.push(child)
  return child
}

beforeAll(async () => {
  program = (await bundle(scratch.path, { main: 'src/main.ts' })).main
})

test('a thousand writes over HTTP, and kill -9 in between', { timeout: 300_000 }, async () => {
  const random = seeded(7)
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    createWriter(index, seeded(index + 1)),
  )
  const wrong: string[] = []
  let acknowledged = 0
  let unsaid = 0
  let kills = 0

  const kill = async ({ process, ended }: Child) => {
    process.kill('SIGKILL')
    await ended
    kills += 1
  }
  const look = async (url: string) => {
    const ready = await fetch(`${url}/readyz`)
    if (ready.status !== 200) wrong.push(`/readyz: ${ready.status} ${await ready.text()}`)
    const found = await readResources(url)
    for (const writer of writers) {
      const settled = writer.settle(found)
      wrong.push(...settled.wrong)
      if (settled.unsaid) unsaid += 1
    }
    for (const writer of writers) wrong.push(...(await writer.repeat(url)))
    expect(wrong).toEqual([])
    const lines = writers.flatMap((writer) => writer.audit()).sort()
    expect(await readAudit(url)).toEqual(lines)
  }

  for (let round = 0; acknowledged < WRITES; round++) {
    if (round % 5 === 4) {
      const early = start()
      await sleep(random() * 1500)
      await kill(early)
    }
    const daemon = start()
    const { http } = JSON.parse(await daemon.until('"event":"started"')) as { http: string }
    await look(http)
    const enough = acknowledged + Math.floor(random() * PER_ROUND)
    const delay = random() * 20
    let over: Promise<void> | undefined
    const onAcknowledged = () => {
      acknowledged += 1
      if (acknowledged >= enough) over ??= sleep(delay).then(() => kill(daemon))
    }
    await Promise.all(writers.map((writer) => writer.run(http, onAcknowledged)))
    await over
  }
  const last = start()
  const { http } = JSON.parse(await last.until('"event":"started"')) as { http: string }
  await look(http)
  last.process.kill('SIGTERM')
  expect(await last.ended).toBe(0)

  console.log(`${acknowledged} writes acknowledged, ${kills} kills, ${unsaid} there unsaid`)
  expect(acknowledged).toBeGreaterThanOrEqual(WRITES)
  expect(kills).toBeGreaterThan(10)
  const file = new SqliteFile(path) as SqlDatabase
  expect(file.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  file.close()
})
