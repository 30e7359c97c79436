/** Waiting, but never for ever. */
import { setTimeout as sleep } from 'node:timers/promises'

export { sleep }

/** Waits for a promise. @throws Error that names what was waited for, after `seconds` */
export async function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${seconds} s for ${what}`))
    }, seconds * 1000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Asks again and again until the answer is yes.
 * @param ask an exception counts as no
 * @throws Error that names what was waited for, after `seconds`
 */
export async function poll(
  seconds: number,
  what: string,
  everyMs: number,
  ask: () => Promise<boolean>,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  let problem = ''
  for (;;) {
    try {
      if (await ask()) return
    } catch (error) {
      problem = error instanceof Error ? `: ${error.message}` : ''
    }
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}${problem}`)
    await sleep(everyMs)
  }
}
