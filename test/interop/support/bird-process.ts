/** BIRD 2 on a node of the LAN, with whatever configuration. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lan } from './lan.ts'
import { type Program, run, startProgram } from './process.ts'
import { waitFor } from './wait.ts'

export interface BirdPlace {
  readonly lan: Lan
  readonly node: string
  /** Holds its configuration, socket and log. */
  readonly directory: string
}

export interface BirdProcess {
  /** Starts it anew after `stop`, and waits until it answers. */
  start(): Promise<void>
  /** Gives it another configuration. */
  configure(text: string): Promise<void>
  birdc(...words: string[]): Promise<string>
  stop(): Promise<void>
  /** Everything that it has logged. */
  log(): string
}

/** Starts BIRD, and waits until it answers. @throws Error with its complaint about the configuration */
export async function startBird(
  { lan, node, directory }: BirdPlace,
  text: string,
): Promise<BirdProcess> {
  const configFile = join(directory, `${node}.conf`)
  const control = join(directory, `${node}.ctl`)
  const birdc = (...words: string[]) => run(['birdc', '-s', control, ...words])
  let program: Program | undefined
  let earlier = ''

  async function start(): Promise<void> {
    earlier += program?.output() ?? ''
    const command = ['bird', '-f', '-c', configFile, '-s', control]
    const started = startProgram(node, [...lan.inside(node), ...command])
    program = started
    await waitFor('BIRD to answer birdc', () => birdc('show', 'status'), {
      state: () => started.output().slice(-1000),
      hopeless: () => (started.exited() ? started.output() : undefined),
    })
  }

  await writeFile(configFile, text)
  await run(['bird', '-p', '-c', configFile])
  await start()
  return {
    start,
    birdc,
    async configure(next) {
      await writeFile(configFile, next)
      await birdc('configure')
    },
    stop: async () => program?.stop(),
    log: () => earlier + (program?.output() ?? ''),
  }
}
