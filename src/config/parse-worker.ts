/** The thread that `parseApart` starts. */
import { parentPort, workerData } from 'node:worker_threads'
import { parseBytes } from './load.ts'
import type { ParseAnswer, ParseTask } from './parse-apart.ts'
import { ConfigError } from './problem.ts'

function answer({ bytes, file }: ParseTask): ParseAnswer {
  try {
    return { config: parseBytes(bytes, file) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { problems: error.problems, text: error.text }
  }
}

parentPort?.postMessage(answer(workerData as ParseTask))
