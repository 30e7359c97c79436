/**
 * The benchmark. `npm run bench -- --help` says how it is used, bench/README.md what it measures.
 */
import { Command, InvalidArgumentError } from 'commander'
import { compileDaemon } from './compile.ts'
import type { Contestant } from './contestant.ts'
import { describe, type Figure, isMet } from './figures.ts'
import { bird } from './peers/bird.ts'
import { frr } from './peers/frr.ts'
import { gobgp } from './peers/gobgp.ts'
import { isInside, prepareInside, routerAddress, runInside } from './peers/namespace.ts'
import { openbgpd } from './peers/openbgpd.ts'
import { collectResults, machineText, nodeVersion, writeResults } from './results.ts'
import type { Context, Scenario } from './scenario.ts'
import { growth } from './scenarios/growth.ts'
import { inTurn } from './scenarios/in-turn.ts'
import { intakeScenarios } from './scenarios/intake.ts'
import { keepalive } from './scenarios/keepalive.ts'
import { latency } from './scenarios/latency.ts'
import { memoryScenario } from './scenarios/memory.ts'
import { microScenarios } from './scenarios/micro.ts'
import { reload } from './scenarios/reload.ts'
import { senderScenario } from './scenarios/sender.ts'

/** Where `--profile` leaves what it measured. */
const profiles = new URL('results', import.meta.url).pathname

const scenarios: readonly Scenario[] = [
  senderScenario,
  ...intakeScenarios,
  inTurn,
  growth,
  memoryScenario,
  latency,
  keepalive,
  reload,
  ...microScenarios,
]

interface Options {
  readonly quick?: true
  readonly only?: readonly string[]
  readonly runs: number
  readonly node: string
  readonly save?: true
  readonly profile?: true
  readonly peers?: true
  readonly routers?: readonly string[]
  readonly compile: boolean
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1')
  return value
}

function parseOptions(): Options {
  const names = scenarios.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`).join('\n')
  const program = new Command('bench')
    .description('Measures the daemon, alone or beside the routers that are installed.')
    .option('--only <names...>', 'these scenarios only')
    .option('--runs <number>', 'runs of each', positive, 5)
    .option('--quick', 'smaller and fewer, in about a minute')
    .option('--node <path>', 'the Node that runs the daemon', process.execPath)
    .option('--save', 'keep the figures in bench/last.json and docs/performance.md')
    .option('--profile', 'have the daemon write CPU profiles into bench/results')
    .option('--peers', 'with routers beside the daemon; needs root and Linux')
    .option('--routers <names...>', 'these routers only')
    .option('--no-compile', 'measure what was compiled last')
    .addHelpText('after', `\nScenarios:\n${names}`)
    .parse()
  return program.opts<Options>()
}

/** The routers that take part; says which do not. */
function installedRouters(options: Options): Contestant[] {
  if (options.peers === undefined) return []
  const wanted = [bird, frr, openbgpd, gobgp].filter(
    ({ name }) =>
      options.routers?.some((each) => each.toLowerCase() === name.toLowerCase()) ?? true,
  )
  return wanted.filter((router) => {
    const version = router.version()
    console.log(`${router.name} ${version ?? 'is not installed'}`)
    return version !== undefined
  })
}

/** Runs scenarios one after the other; one that fails does not stop the others. */
async function runAll(chosen: readonly Scenario[], context: Context) {
  const figures: Figure[] = []
  let failed = 0
  for (const scenario of chosen) {
    console.log(`\n${scenario.name}: ${scenario.what}`)
    const began = performance.now()
    try {
      const made = await scenario.run(context)
      figures.push(...made)
      for (const figure of made) console.log(describe(figure))
    } catch (error) {
      failed++
      console.log(`FAILED: ${error instanceof Error ? error.message : String(error)}`)
    }
    console.log(`(${Math.round((performance.now() - began) / 1000)} s)`)
  }
  return { figures, failed }
}

async function main(): Promise<number> {
  const options = parseOptions()
  if (options.peers === true && !isInside()) {
    if (process.platform === 'linux' && process.getuid?.() === 0) return runInside()
    console.log('bench:peers needs Linux and root, for a network namespace of its own')
    return 2
  }
  const chosen = scenarios.filter(({ name, withRouters }) =>
    options.only === undefined
      ? options.peers === undefined || withRouters === true
      : options.only.includes(name),
  )
  if (chosen.length === 0) {
    console.log(`no such scenario; there are ${scenarios.map(({ name }) => name).join(', ')}`)
    return 2
  }
  if (options.compile) compileDaemon()
  console.log(`${machineText()}\nNode ${nodeVersion(options.node)}`)
  if (options.peers === true) prepareInside()
  const quick = options.quick === true
  const context: Context = {
    node: options.node,
    nodeArguments: options.profile === true ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : [],
    runs: quick ? Math.min(2, options.runs) : options.runs,
    quick,
    place: { address: options.peers === true ? routerAddress : '127.0.0.1', port: 17_900 },
    httpPort: 19_179,
    routers: installedRouters(options),
    log: (line) => console.log(line),
  }
  const { figures, failed } = await runAll(chosen, context)
  const path = writeResults(collectResults(context, figures), options.save === true)
  const judged = figures.filter((figure) => isMet(figure) !== undefined)
  if (judged.length > 0) {
    console.log('\nTargets')
    for (const figure of judged) console.log(describe(figure))
  }
  console.log(`\n${path}`)
  return failed > 0 ? 1 : 0
}

process.exitCode = await main()
