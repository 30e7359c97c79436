/**
 * Large configurations are judged in a thread of their own: ten thousand prefixes would hold the sessions
 * up for half a second at each reload, and what they are judged with would stay resident at the start.
 */
import { Worker } from 'node:worker_threads'
import type { Config } from './config.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'

/** What the thread is given. */
export interface ParseTask {
  readonly bytes: Uint8Array
  readonly file: string
}

/** What it answers: a configuration, or all of its mistakes. */
export type ParseAnswer =
  | { readonly config: Config }
  | { readonly problems: readonly ConfigProblem[]; readonly text: string | undefined }

/** This file as it runs is TypeScript or what became of it; so is its neighbour. */
const program = new URL(import.meta.url.replace(/parse-apart(\.\w+)$/, 'parse-worker$1'))

/**
 * Judges the octets of a configuration file.
 * @returns undefined where no such thread can be had, as under a loader for TypeScript that threads
 *   do not share: the caller judges them itself
 * @throws ConfigError with every mistake
 */
export async function parseApart(task: ParseTask): Promise<Config | undefined> {
  const answer = await new Promise<ParseAnswer | undefined>((resolve) => {
    const worker = new Worker(program, { workerData: task })
    worker.once('message', resolve)
    worker.once('error', () => resolve(undefined))
    worker.once('exit', () => resolve(undefined))
  })
  if (answer === undefined || 'config' in answer) return answer?.config
  const { problems, text } = answer
  throw new ConfigError(problems, text === undefined ? {} : { text })
}
