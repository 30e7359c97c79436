/** The time, each second, and what it was on the daemon. */
import { signal } from '@preact/signals'

/** Milliseconds since the epoch. */
export const now = signal(Date.now())

/** Starts the clock; it rests while nobody looks. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now()
  }, 1000)
  document.addEventListener('visibilitychange', () => {
    now.value = Date.now()
  })
}
