/** Writes down what sessions tell their listener, as lines of text, and lets a test wait for one. */
import type { SessionListener } from '../../src/session/types.ts'
import { stateName } from '../../src/session/types.ts'

export interface SessionRecorder {
  readonly listener: SessionListener
  /** Everything so far, oldest first. */
  readonly lines: readonly string[]
  /** Waits for a line that holds `text`, from `lines[from]` on. @returns the line */
  until(text: string, from?: number): Promise<string>
  /** Called for each UPDATE; may throw. */
  onUpdate: (octets: Buffer) => void
}

export function createSessionRecorder(): SessionRecorder {
  const lines: string[] = []
  const takers: (() => void)[] = []

  function note(line: string): void {
    lines.push(line)
    for (const taker of takers.splice(0)) taker()
  }

  const recorder: SessionRecorder = {
    lines,
    onUpdate() {},
    async until(text, from = 0) {
      for (;;) {
        const line = lines.slice(from).find((each) => each.includes(text))
        if (line !== undefined) return line
        await new Promise<void>((resolve) => takers.push(resolve))
      }
    },
    listener: {
      stateChanged(name, from, to) {
        note(`${name} ${stateName(from)} -> ${stateName(to)}`)
      },
      established(name, { holdTime, families }) {
        note(`${name} established hold ${holdTime} ${families.join('+')}`)
      },
      update(name, view, start, end) {
        const octets = Buffer.from(view.buffer, view.byteOffset + start, end - start)
        recorder.onUpdate(octets)
        note(`${name} update ${octets.toString('hex', 19)}`)
      },
      refreshBoundary(name, family, boundary) {
        note(`${name} refresh ${family} ${boundary}`)
      },
      chunkDone(name) {
        note(`${name} chunk done`)
      },
      down(name, reason) {
        const { kind } = reason
        const graceful = reason.graceful === true ? ' graceful' : ''
        const what = kind === 'closed' ? reason.message : reason.notification.text
        note(`${name} down ${kind}${graceful}: ${what}`)
      },
      notification(name, { direction, text, communication }) {
        note(`${name} ${direction} ${text}${communication ? `: ${communication}` : ''}`)
      },
      joined({ name, asn }, expected) {
        note(`${name} joined AS ${asn}${expected ? ' expected' : ''}`)
      },
      left(name) {
        note(`${name} left`)
      },
      refused(address, _port, why) {
        note(`refused ${address}: ${why}`)
      },
    },
  }
  return recorder
}
