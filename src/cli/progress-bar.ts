/** A bar for what takes long, drawn over itself on stderr. */
import type { Terminal } from './terminal.ts'

const WIDTH = 30
const ERASE_LINE = '\r\u001b[2K'

/**
 * @param label what is going on
 * @returns `show` takes how much is done, 0 to 1, as often as it likes; `clear` takes the bar away
 */
export function createProgressBar(label: string, terminal: Pick<Terminal, 'error'>) {
  let shown = -1
  return {
    show(part: number): void {
      const percent = Math.floor(100 * Math.min(1, Math.max(0, part)))
      if (percent === shown) return
      shown = percent
      const done = Math.floor((WIDTH * percent) / 100)
      const bar = '#'.repeat(done) + '-'.repeat(WIDTH - done)
      terminal.error(`${ERASE_LINE}${label} [${bar}] ${percent} %`)
    },
    clear(): void {
      if (shown >= 0) terminal.error(ERASE_LINE)
    },
  }
}
