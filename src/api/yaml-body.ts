/** YAML that a client sends. */
import { Worker } from 'node:worker_threads'
import { parse } from 'yaml'
import { HttpProblem } from './problems.ts'

/** Characters that are read in place: a millisecond or so. */
const SMALL = 16 * 1024
/** Milliseconds after which a document is given up. */
const READ_WITHIN = 20_000
/** Documents that are read at a time. */
const MOST = 2

/** Reads text in a thread of its own, and answers `{ value }` or `{ mistake }`. */
const script = `
import(process.env.YAML).then(({ parse }) => {
  const { parentPort, workerData } = require('node:worker_threads')
  try { parentPort.postMessage({ value: parse(workerData) }) }
  catch (error) { parentPort.postMessage({ mistake: error.message }) }
})`

type Answer = { readonly value: unknown } | { readonly mistake: string }

function readInThread(text: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, {
      eval: true,
      workerData: text,
      env: { YAML: import.meta.resolve('yaml') },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    })
    const late = setTimeout(() => {
      resolve({ mistake: `it takes longer than ${READ_WITHIN / 1000} s to read` })
      void worker.terminate()
    }, READ_WITHIN)
    worker.once('message', (answer: Answer) => {
      resolve(answer)
      void worker.terminate()
    })
    worker.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve({ mistake: 'it is too large to read' })
      else reject(error)
    })
    worker.once('exit', () => clearTimeout(late))
  })
}

function readHere(text: string): Answer {
  try {
    return { value: parse(text) }
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) }
  }
}

let reading = 0

/**
 * Reads YAML (JSON among it). Long text is read in a thread, so that BGP goes on.
 * @throws HttpProblem 400 that says where the mistake is; 503 when too many are read
 */
export async function readYaml(text: string): Promise<unknown> {
  if (reading >= MOST) {
    const headers = { 'retry-after': '5' }
    throw new HttpProblem(503, 'overloaded', `${reading} documents are being read.`, { headers })
  }
  reading++
  try {
    const answer = text.length <= SMALL ? readHere(text) : await readInThread(text)
    if ('value' in answer) return answer.value
    const [message = ''] = answer.mistake.split('\n\n')
    throw new HttpProblem(
      400,
      'invalid-request',
      `The body is not YAML: ${message.replace(/:$/, '')}.`,
    )
  } finally {
    reading--
  }
}
