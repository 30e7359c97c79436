/** `bgpwarden speak`: a test router in the foreground. */

import { parseAddress } from '../prefix/text.ts'
import { systemClock } from '../session/clock.ts'
import { readCaptureUpdates } from '../speaker/capture-updates.ts'
import type { Scenario } from '../speaker/scenario.ts'
import { loadScenario } from '../speaker/scenario.ts'
import { startSpeaker } from '../speaker/speaker.ts'
import { Exit, UsageError } from './failure.ts'
import { aborted, untilInterrupted } from './interrupt.ts'
import { styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatTime } from './text.ts'

interface SpeakOptions {
  readonly capture?: string
  readonly from?: string
  readonly once?: boolean
  readonly to?: string
  readonly localAsn?: number
  readonly remoteAsn?: number
  readonly routerId?: string
}

/** `192.0.2.1`, `192.0.2.1:1790`, `[2001:db8::1]:1790` */
function readTarget(text: string): { address: string; port: number } {
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]+|[^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = bracketed ?? plain
  const number = port === undefined ? 179 : Number(port)
  if (address === undefined || number > 65_535) {
    throw new UsageError(`--to ${text}: expected for instance 127.0.0.1:1790 or [::1]:1790`)
  }
  parseAddress(address)
  return { address, port: number }
}

/** A scenario without steps, from the command line. @throws UsageError */
function bareScenario({ to, localAsn, remoteAsn, routerId = '192.0.2.1' }: SpeakOptions): Scenario {
  if (to === undefined || localAsn === undefined || remoteAsn === undefined) {
    throw new UsageError(
      'without a scenario, speak needs --to ADDRESS:PORT, --local-asn and --remote-asn',
    )
  }
  const id = parseAddress(routerId)
  if (routerId.includes(':')) {
    throw new UsageError(`--router-id ${routerId}: expected a dotted quad, such as 192.0.2.1`)
  }
  return {
    local: { asn: localAsn, routerId: id.w0 >>> 0, nextHop: { ipv4: id } },
    remote: { ...readTarget(to), asn: remoteAsn },
    families: ['ipv4', 'ipv6'],
    holdTime: 90,
    steps: [],
  }
}

/**
 * Runs a scenario, the UPDATEs of a capture, or one after the other. The session is held until Ctrl-C,
 * or with `once` until all is sent.
 */
export async function speak(
  file: string | undefined,
  options: SpeakOptions,
  terminal: Terminal,
): Promise<number> {
  if (file === undefined && options.capture === undefined) {
    throw new UsageError('speak needs a scenario file, or --capture FILE')
  }
  const scenario = file === undefined ? bareScenario(options) : loadScenario(file)
  const capture =
    options.capture === undefined
      ? undefined
      : await readCaptureUpdates(options.capture, options.from)
  const style = styleFor(terminal.color)
  const log = (sentence: string) =>
    terminal.write(`${style.dim(formatTime(systemClock.now()))}  ${cleanText(sentence)}\n`)
  const { remote, listen } = scenario
  log(
    listen === undefined
      ? `connecting to ${remote.address} port ${remote.port} as AS${scenario.local.asn}`
      : `waiting for ${remote.address} on ${listen.address} port ${listen.port}`,
  )
  const { signal, release } = untilInterrupted()
  const speaker = await startSpeaker(scenario, {
    clock: systemClock,
    log,
    ...(capture && { messages: capture.messages }),
  })
  try {
    const interrupted = aborted(signal)
    await Promise.race([speaker.done, interrupted])
    if (!options.once && !signal.aborted) {
      log('all steps are done; the session is held until Ctrl-C')
      await interrupted
    }
  } finally {
    await speaker.close()
    release()
  }
  return Exit.ok
}
