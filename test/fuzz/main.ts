/** `npm run fuzz -- --seconds 60 [--target NAME] [--seed N] [--at N]` */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Failure, inputAt, type Outcome, runTarget, tryInput } from './run.ts'
import { corpusPlace } from './seeds.ts'
import { type Target, writeInput } from './target.ts'
import { targets } from './targets.ts'
import { watch } from './watchdog.ts'

const usage =
  'npm run fuzz -- --seconds 60 [--target NAME] [--seed N] [--at INDEX]; see docs/fuzzing.md'
const { values } = readOptions()

function readOptions() {
  try {
    return parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        target: { type: 'string', multiple: true },
        seed: { type: 'string' },
        at: { type: 'string' },
      },
    })
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`)
    process.exit(2)
  }
}

function chosen(): readonly Target[] {
  const { target: names } = values
  if (names === undefined) return targets
  const unknown = names.filter((name) => !targets.some((each) => each.name === name))
  if (unknown.length === 0) return targets.filter(({ name }) => names.includes(name))
  const known = targets.map(({ name }) => name).join(', ')
  console.error(`there is no target ${unknown.join(', ')}, expected one of ${known}`)
  process.exit(2)
}

function whole(option: 'seconds' | 'seed' | 'at', fallback: number): number {
  const given = values[option]
  if (given === undefined) return fallback
  if (/^\d{1,9}$/.test(given)) return Number(given)
  console.error(`--${option} is "${given}", expected a whole number`)
  process.exit(2)
}

function save({ target, seed, index, message, input, hash }: Failure): string {
  const folder = `${corpusPlace}/found`
  mkdirSync(folder, { recursive: true })
  const file = `${folder}/${target}-${hash}.json`
  const what = { target, reason: message.split('\n', 1)[0], seed, index, input: JSON.parse(input) }
  writeFileSync(file, `${JSON.stringify(what, null, 2)}\n`)
  return file
}

function report({ target, tried, elapsed, slowest, failures }: Outcome): void {
  const rate = Math.round((tried * 1000) / Math.max(1, elapsed))
  const slow = slowest.toFixed(1)
  console.log(
    `${target.padEnd(14)} ${String(tried).padStart(9)} inputs ${String(rate).padStart(7)}/s  slowest ${slow} ms  ${failures.length} failures`,
  )
  for (const failure of failures) {
    console.log(`  ${failure.message.split('\n').slice(0, 12).join('\n  ')}`)
    console.log(`  saved as ${save(failure)}`)
  }
}

async function repeat(list: readonly Target[], seed: number, at: number): Promise<boolean> {
  let well = true
  for (const each of list) {
    const input = inputAt(each, seed, at)
    const message = await tryInput(each, input)
    console.log(`${each.name}: ${message ?? 'all is well'}\n${writeInput(input)}`)
    well &&= message === null
  }
  return well
}

async function fuzz(list: readonly Target[], seed: number, seconds: number): Promise<boolean> {
  const dog = watch(
    list.map(({ name }) => name),
    seed,
  )
  const share = (seconds * 1000) / list.length
  let well = true
  console.log(`seed ${seed}, ${seconds} s, ${list.length} targets`)
  for (const each of list) {
    const outcome = await runTarget(each, {
      seed,
      goOn: (_, elapsed) => elapsed < share,
      begun: (index) => dog.begun(each.name, index),
    })
    dog.idle()
    report(outcome)
    well &&= outcome.failures.length === 0
  }
  await dog.stop()
  return well
}

const list = chosen()
const seed = whole('seed', Date.now() % 1_000_000_000)
const at = values.at === undefined ? undefined : whole('at', 0)
const well =
  at === undefined ? await fuzz(list, seed, whole('seconds', 60)) : await repeat(list, seed, at)
process.exit(well ? 0 : 1)
