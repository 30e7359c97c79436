/** Kills a process that commits, at any moment, and compares what it acknowledged with what is there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import type { Store } from '../../../src/store/types.ts'
import { bundle } from '../../support/bundle.ts'
import { openTestStore } from './build.ts'

/** What the file holds against what was said. */
export interface CrashOutcome {
  /** Commits acknowledged in all rounds. */
  acknowledged: number
  kills: number
  /** Commits that were under way when the process was killed, and are there all the same. */
  unsaid: number
  /** What must never be; each a sentence. */
  readonly wrong: string[]
}

/** Runs a writer until it has acknowledged some commits, then kills it after a while. */
async function crashOnce(
  writer: string,
  path: string,
  seed: number,
  commits: number,
  delayMs: number,
) {
  const child = spawn(process.execPath, [writer, path, `${seed}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  const closed = once(child, 'close')
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const acks = text.split('\nack ').length - 1
      if (acks >= commits) setTimeout(resolve, delayMs)
    })
    child.on('close', () => resolve())
  })
  child.kill('SIGKILL')
  await closed
  if (errors !== '') throw new Error(errors)
  const numbers = (word: string) =>
    [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, number]) => Number(number))
  return { start: numbers('start')[0] ?? 0, tried: numbers('try').at(-1), acked: numbers('ack') }
}

/** Everything that can be wrong with a file whose last acknowledged commit is `acked`. */
async function inspect(store: Store, acked: number, tried: number): Promise<string[]> {
  const wrong: string[] = []
  const resources = await store.load()
  const counter = resources.find(({ kind }) => kind === 'counter')
  const last = Number(counter?.document['last'] ?? 0)
  if (last !== acked && last !== tried) {
    wrong.push(`the last commit is ${last}; ${acked} was acknowledged and ${tried} tried`)
  }
  if ((counter?.version ?? 0) !== last) wrong.push(`the counter has version ${counter?.version}`)
  const parts = new Map<number, { count: number; parts: number }>()
  for (const { kind, id, document } of resources) {
    if (kind !== 'part') continue
    const n = Number(id.split('/')[0])
    const count = (parts.get(n)?.count ?? 0) + 1
    parts.set(n, { count, parts: Number(document['parts']) })
  }
  for (let n = 1; n <= last; n++) {
    const found = parts.get(n)
    if (found === undefined) wrong.push(`commit ${n} was acknowledged and is not there`)
    else if (found.count !== found.parts) {
      wrong.push(`of commit ${n} there are ${found.count} of ${found.parts} resources`)
    }
  }
  if (parts.size !== last) wrong.push(`${parts.size} commits are there, ${last} are counted`)
  const { items } = await store.audit({ limit: 100_000 })
  if (items.length !== last) wrong.push(`${items.length} lines of audit for ${last} commits`)
  const answer = await store.answer('writer', `${last}`)
  if (last > 0 && answer?.body !== last) wrong.push(`the answer to commit ${last} is not there`)
  return wrong
}

/**
 * Kills writers of one file until enough commits were acknowledged.
 * @param path of the file; its directory is made use of
 * @param random 0 to 1
 * @param perRound commits of a round, at most
 */
export async function crashAgainAndAgain(
  path: string,
  commits: number,
  perRound: number,
  random: () => number,
): Promise<CrashOutcome> {
  const programs = { writer: 'test/store/support/writer.ts', store: 'src/store/store.ts' }
  const { writer, store: bundled } = await bundle(dirname(path), programs)
  const { openStore } = (await import(bundled)) as typeof import('../../../src/store/store.ts')
  const outcome: CrashOutcome = { acknowledged: 0, kills: 0, unsaid: 0, wrong: [] }
  while (outcome.acknowledged < commits && outcome.wrong.length === 0) {
    const wanted = Math.floor(random() * perRound)
    const round = await crashOnce(writer, path, outcome.kills + 1, wanted, random() * 20)
    const acked = round.acked.at(-1) ?? round.start
    const tried = round.tried ?? round.start
    const store = await openTestStore(path, { now: Date.now }, openStore)
    try {
      outcome.wrong.push(...(await inspect(store, acked, tried)))
      const [counter] = (await store.load()).filter(({ kind }) => kind === 'counter')
      if (counter !== undefined && counter.document['last'] !== acked) outcome.unsaid += 1
    } finally {
      await store.close()
    }
    outcome.acknowledged += round.acked.length
    outcome.kills += 1
  }
  return outcome
}
