/** `bgpwarden top`: sessions, failing prefixes and events of a running daemon, live on the whole terminal. */
import { systemClock } from '../session/clock.ts'
import { type ConnectOptions, createApiClient } from './api-client.ts'
import { Exit, UsageError } from './failure.ts'
import { untilInterrupted } from './interrupt.ts'
import type { Terminal } from './terminal.ts'
import { readDaemon, startFeed } from './top/feed.ts'
import { frame } from './top/frame.ts'
import { press } from './top/keys.ts'
import { openFullScreen } from './top/screen.ts'
import { initialState, type TopState } from './top/state.ts'

/** Between two frames, so that a burst of events is one; milliseconds. */
const FRAME = 50
/** Ages grow; milliseconds. */
const TICK = 1000

/** @throws UsageError where nobody could look and type */
function needsTerminal(terminal: Terminal): void {
  const capable = process.env['TERM'] !== 'dumb'
  if (terminal.interactive && process.stdin.isTTY === true && capable) return
  throw new UsageError(
    'top needs a terminal to draw on and to read keys from. For pipes, files and scripts there are ' +
      '"bgpwarden session list", "bgpwarden prefix list" and "bgpwarden event list --follow", each with --json.',
  )
}

/**
 * Shows a daemon until the operator leaves.
 * @throws UsageError without a terminal
 * @throws ApiError when no daemon answers at the start, or it refuses
 */
export async function top(options: ConnectOptions, terminal: Terminal): Promise<number> {
  needsTerminal(terminal)
  const client = createApiClient(options)
  // Before the screen is taken: a wrong address or token is told as by any other command.
  const reading = await readDaemon(client, '')
  let state: TopState = { ...initialState(options.api), reading, readAt: Date.now() }

  const { signal: interrupted, release } = untilInterrupted()
  const leaving = new AbortController()
  const signal = AbortSignal.any([interrupted, leaving.signal])
  let drawing: ReturnType<typeof setTimeout> | undefined

  function drawNow(): void {
    drawing = undefined
    screen.draw(frame(state, screen.size(), Date.now()))
  }
  function drawSoon(): void {
    drawing ??= setTimeout(drawNow, FRAME)
  }
  function onKey(key: string): void {
    const before = state
    const after = press(state, key, screen.size(), Date.now())
    if (after === undefined) {
      leaving.abort()
      return
    }
    state = after
    const asksAnew =
      before.view !== after.view || before.tables.prefixes.filter !== after.tables.prefixes.filter
    if (asksAnew) feed.hurry()
    drawSoon()
  }

  const streams = { stdin: process.stdin, stdout: process.stdout }
  const screen = await openFullScreen(streams, terminal.color, { key: onKey, resized: drawSoon })
  const store = {
    get: () => state,
    update(change: (state: TopState) => TopState) {
      state = change(state)
      drawSoon()
    },
  }
  const feed = startFeed(client, store, { clock: systemClock, signal })
  const tick = setInterval(drawSoon, TICK)
  try {
    drawNow()
    await feed.ended
  } finally {
    clearInterval(tick)
    clearTimeout(drawing)
    leaving.abort()
    screen.close()
    release()
  }
  return Exit.ok
}
