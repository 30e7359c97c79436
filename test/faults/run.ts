/**
 * Breaks things around the daemon, with real BIRD and real FRR, and counts what came of it.
 *
 * npx tsx test/faults/run.ts --rounds 20 [--only NAME[,NAME]] [--seed S]
 *
 * Needs root, and the programs of the interop suite. Ends with 1 when a round was not true again within
 * its bound, or a good prefix was called Failed.
 */
import { parseArgs } from 'node:util'
import { removeStaleLans } from '../interop/support/lan.ts'
import { type Fault, faults, type Outcome } from './support/faults.ts'
import { seeded } from './support/random.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
const rounds = Number(values.rounds)
const names = values.only?.split(',')
const unknown = names?.find((name) => !faults.some((fault) => fault.name === name))
if (!Number.isInteger(rounds) || rounds < 1 || unknown !== undefined) {
  const known = faults.map(({ name }) => name).join(', ')
  console.error(`--rounds is a whole number, --only some of ${known}`)
  process.exit(2)
}

function row(fault: Fault, { seconds, flaps, falseFailures }: Outcome): string {
  const sorted = seconds.toSorted((a, b) => a - b)
  const median = sorted[sorted.length >> 1] ?? 0
  const cells = [
    fault.title,
    seconds.length,
    median.toFixed(1),
    (sorted.at(-1) ?? 0).toFixed(1),
    flaps ?? '',
    falseFailures.length,
  ]
  return `| ${cells.join(' | ')} |`
}

await removeStaleLans()
const rows: string[] = []
let broken = 0
for (const fault of faults) {
  if (names !== undefined && !names.includes(fault.name)) continue
  console.log(`--- ${fault.name}: ${fault.title}`)
  try {
    const outcome = await fault.run(rounds, seeded(Number(values.seed)), (line) =>
      console.log(line),
    )
    for (const line of outcome.falseFailures) console.log(`FALSE: ${line}`)
    if (outcome.falseFailures.length > 0) broken += 1
    rows.push(row(fault, outcome))
  } catch (error) {
    console.log(`BROKEN: ${error instanceof Error ? error.message : error}`)
    rows.push(`| ${fault.title} | broken | | | | |`)
    broken += 1
  }
}
console.log(
  '\n| fault | rounds | median s | max s | sessions that fell | false Failed |\n|---|---:|---:|---:|---:|---:|',
)
console.log(rows.join('\n'))
process.exit(broken > 0 ? 1 : 0)
