/** Answers of the API that keep themselves fresh. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiFailure, get, type Path } from './api.ts'
import { changes } from './live.ts'

export interface Resource<T> {
  /** The last answer, though it may be that of the path before. */
  readonly data?: T
  readonly failure?: ApiFailure
  /** The answer to the present path has not come yet. */
  readonly waiting: boolean
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
  useEffect(() => {
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
        show({ path, data: await read(path), waiting: false })
      } catch (error) {
        const old = known === path && data !== undefined ? { data } : {}
        show({ path, failure: failureFrom(error), waiting: false, ...old })
      }
      if (turn.again && reading.current === turn) return run()
      if (reading.current === turn) reading.current = null
    }
    run()
  }, [path, change])

  return { ...answer, waiting: answer.path !== path }
}

/** Reads one path of the API. */
export function useResource<T>(path: Path<T> | null): Resource<T> {
  return useReading<T>(path, get<T>)
}
