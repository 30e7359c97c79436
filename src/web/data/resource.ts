/** Answers of the API that keep themselves fresh. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ApiFailure, get, type Path } from './api.ts'
import { changes } from './live.ts'

export interface Resource<T> {
  /** The last answer, though it may be that of the path before. */
  readonly data?: T
  readonly failure?: ApiFailure
  /** The answer to the present path has not come yet. */
  readonly waiting: boolean
}

/** Answers that a view begins with when one comes back to it, until the fresh one is there. */
const remembered = new Map<string, { readonly data: unknown; readonly at: number }>()
const REMEMBERED = 40
/** Milliseconds after which an answer is too old to begin with. */
const OLD = 30_000

function remember(path: string, data: unknown): void {
  remembered.delete(path)
  remembered.set(path, { data, at: performance.now() })
  const [oldest] = remembered.keys()
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest)
}

function recall<T>(path: string | null): T | undefined {
  const known = path === null ? undefined : remembered.get(path)
  return known !== undefined && performance.now() - known.at < OLD ? (known.data as T) : undefined
}

interface Answer<T> extends Resource<T> {
  readonly path: string | null
}

function failureFrom(error: unknown): ApiFailure {
  return error instanceof ApiFailure ? error : new ApiFailure(String(error), 0)
}

/**
 * Reads a path, and reads it again whenever something changed.
 * @param path null: nothing is wanted
 * @param read how it is read
 */
export function useReading<T>(
  path: string | null,
  read: (path: string) => Promise<T>,
): Resource<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ path: null, waiting: true })
  const latest = useRef<Answer<T>>(answer)
  const reading = useRef<{ path: string; again: boolean } | null>(null)
  const change = changes.value

  // A change is a reason to read again.
  // Not after the next frame, as an effect would: the answer is waited for.
  useLayoutEffect(() => {
    if (path === null) return
    if (reading.current?.path === path) {
      reading.current.again = true
      return
    }
    const turn = { path, again: false }
    reading.current = turn
    const show = (next: Answer<T>) => {
      if (reading.current !== turn) return
      latest.current = next
      setAnswer(next)
    }
    const run = async (): Promise<void> => {
      turn.again = false
      const { data, path: known } = latest.current
      try {
        const fresh = await read(path)
        remember(path, fresh)
        show({ path, data: fresh, waiting: false })
      } catch (error) {
        const old = known === path && data !== undefined ? { data } : {}
        show({ path, failure: failureFrom(error), waiting: false, ...old })
      }
      if (turn.again && reading.current === turn) return run()
      if (reading.current === turn) reading.current = null
    }
    run()
  }, [path, change])

  if (answer.path === path) return answer
  const data = recall<T>(path) ?? answer.data
  return data === undefined ? { waiting: true } : { data, waiting: true }
}

/** Reads one path of the API. */
export function useResource<T>(path: Path<T> | null): Resource<T> {
  return useReading<T>(path, get<T>)
}
