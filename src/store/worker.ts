/** The store's thread: does what it is asked to the database, one request after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Database, type DatabaseOptions, openDatabase } from './database.ts'

/** What the thread is started with. */
export interface WorkerInput {
  readonly options: DatabaseOptions
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface WorkerRequest {
  readonly id: number
  readonly operation: keyof Database
  readonly input: readonly unknown[]
}

/** Request 0 is the opening. Errors cross by name: a class would not. */
export interface WorkerReply {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly name: string; readonly message: string }
}

function attempt(id: number, work: () => unknown): WorkerReply {
  try {
    return { id, value: work() }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    return { id, error: { name, message } }
  }
}

const { options, now } = workerData as WorkerInput
let database: Database | undefined
const opened = attempt(0, () => {
  database = openDatabase(options, now)
})
parentPort?.postMessage(opened)
if (database !== undefined) {
  const methods = database as unknown as Record<string, (...input: readonly unknown[]) => unknown>
  parentPort?.on('message', ({ id, operation, input }: WorkerRequest) => {
    const reply = attempt(id, () => methods[operation]?.(...input))
    parentPort?.postMessage(reply)
    if (operation === 'close') parentPort?.close()
  })
}
