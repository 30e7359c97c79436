/** The near side of the store's thread: requests as promises. */
import { Worker } from 'node:worker_threads'
import type { Database, DatabaseOptions } from './database.ts'
import { ConflictError, CursorError, StoreError } from './types.ts'
import type { WorkerInput, WorkerReply, WorkerRequest } from './worker.ts'

export interface StoreThread {
  /** @throws StoreError, ConflictError, CursorError */
  call<N extends keyof Database>(
    operation: N,
    ...input: Parameters<Database[N]>
  ): Promise<ReturnType<Database[N]>>
  /** Resolves when the thread has ended. */
  close(): Promise<void>
}

/** Starts the thread's file. */
function startWorker(workerData: WorkerInput): Worker {
  const fromSources = import.meta.url.endsWith('.ts')
  const file = new URL(`./worker.${fromSources ? 'ts' : 'js'}`, import.meta.url)
  const features = process.features as { readonly typescript?: string | false }
  if (!fromSources || features.typescript) return new Worker(file, { workerData })
  // Node 20 cannot read TypeScript itself, and a thread does not get the loader of a test runner.
  const tsx = import.meta.resolve('tsx/esm/api')
  const script = `import('${tsx}').then(({ register }) => { register(); return import('${file.href}') })`
  return new Worker(script, { workerData, eval: true })
}

function errorOf({ name, message }: { name: string; message: string }): Error {
  if (name === 'ConflictError') return new ConflictError(message)
  if (name === 'CursorError') return new CursorError(message)
  return new StoreError(message)
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/**
 * Starts the thread and opens the file in it.
 * @param now milliseconds since the epoch
 * @throws StoreError
 */
export async function startThread(options: DatabaseOptions, now: number): Promise<StoreThread> {
  const worker = startWorker({ options, now })
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let ended: StoreError | null = null

  const ask = (id: number, send: () => void) =>
    new Promise<unknown>((resolve, reject) => {
      if (ended !== null) {
        reject(ended)
        return
      }
      waiting.set(id, { resolve, reject })
      send()
    })
  const end = (why: string) => {
    ended ??= new StoreError(`${options.path}: ${why}; restart the daemon`)
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.on('message', ({ id, value, error }: WorkerReply) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(value)
    else asked?.reject(errorOf(error))
  })
  worker.on('error', (error) =>
    end(`its thread failed (${error instanceof Error ? error.message : error})`),
  )
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      end('its thread has ended')
      resolve()
    })
  })

  const thread: StoreThread = {
    call: (operation, ...input) => {
      lastId += 1
      const request: WorkerRequest = { id: lastId, operation, input }
      return ask(request.id, () => worker.postMessage(request)) as ReturnType<
        StoreThread['call']
      > as never
    },
    async close() {
      await thread.call('close').catch(() => worker.terminate())
      await exited
    },
  }
  try {
    await ask(0, () => {})
  } catch (error) {
    await worker.terminate()
    throw error
  }
  return thread
}
