/** The test speaker: an ordinary session that announces what its scenario says. */
import { Family, type FamilyName } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { formatEndpoint } from '../session/address.ts'
import { createSessions, type SessionManager } from '../session/sessions.ts'
import {
  type Clock,
  type Negotiated,
  type SessionConfig,
  type SessionListener,
  SessionState,
} from '../session/types.ts'
import { encodeEndOfRib, encodeWithdrawals } from '../wire/update-values.ts'
import type { Announcement, Scenario, Step } from './scenario.ts'
import { encodeAnnouncements, type SendSettings } from './updates.ts'

/** Octets of whole messages that are sent after the steps, such as the UPDATEs of a capture. */
export type Messages = (settings: SendSettings) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>

export interface SpeakerOptions {
  readonly clock: Clock
  /** Told what happens, one sentence each. */
  readonly log?: (sentence: string) => void
  /** Sent once, when the steps are done. */
  readonly messages?: Messages
}

/** A speaker that runs. */
export interface Speaker {
  /** Resolves when the session is Established for the first time. */
  readonly established: Promise<void>
  /** Resolves when every step was done; rejects for a value that does not fit an UPDATE. */
  readonly done: Promise<void>
  /** Where a passive speaker listens, with the port that port 0 became. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[]
  /** Says Cease / Administrative Shutdown and ends, within two seconds. */
  close(communication?: string): Promise<void>
}

/** The speaker was closed while a step waited. */
class Closed extends Error {
  override readonly name = 'Closed'
}

const CLOSE_WITHIN = 2000
const SESSION = 'peer'

function sessionConfig({ local, remote, listen, families, holdTime }: Scenario): SessionConfig {
  return {
    name: SESSION,
    address: remote.address,
    port: remote.port,
    asn: remote.asn,
    localAsn: local.asn,
    routerId: local.routerId,
    ...(local.address === undefined ? {} : { localAddress: local.address }),
    families,
    passive: listen !== undefined,
    holdTime,
    // A test speaker is often started before what it talks to.
    connectRetrySeconds: 1,
    delayOpenSeconds: 0,
    description: '',
  }
}

/**
 * Starts a speaker. When its session breaks, it comes up again by itself, announces what it had announced
 * so far, and goes on with its steps.
 * @throws ListenError when a passive speaker cannot listen
 */
export async function startSpeaker(scenario: Scenario, options: SpeakerOptions): Promise<Speaker> {
  const { clock, log = () => {}, messages } = options
  /** What the peer was told and shall be told again after a break. */
  const table = new Map<string, Announcement>()
  const ended = new Set<FamilyName>()
  let settings: SendSettings | undefined
  let closed = false
  let wake: (() => void)[] = []
  const wakeAll = () => {
    const waiting = wake
    wake = []
    for (const resume of waiting) resume()
  }

  /** Waits for the next change of the session. */
  const change = () => new Promise<void>((resolve) => wake.push(resolve))

  /** Waits until the table can be added to. */
  async function ready(): Promise<SendSettings> {
    while (settings === undefined && !closed) await change()
    if (closed || settings === undefined) throw new Closed()
    return settings
  }

  /** Sends, and waits where the peer reads slowly. @returns false when the session broke */
  async function send(octets: Uint8Array): Promise<boolean> {
    while (!sessions.send(SESSION, octets)) {
      if (closed || !(await sessions.drained(SESSION))) return false
    }
    return true
  }

  async function announceTable(now: SendSettings): Promise<boolean> {
    for (const octets of encodeAnnouncements(table.values(), scenario, now)) {
      if (!(await send(octets))) return false
    }
    for (const family of ended) await send(encodeEndOfRib(Family[family]))
    return true
  }

  function established(negotiated: Negotiated): void {
    log(`Established with AS${negotiated.remoteAsn} at ${scenario.remote.address}`)
    const { as4 } = negotiated.decode
    const fresh: SendSettings = { as4, maxMessageLength: negotiated.maxMessageLength }
    // In a turn of its own: the session calls from the middle of its own change.
    void Promise.resolve()
      .then(() => announceTable(fresh))
      .then((whole) => {
        if (!whole || sessions.status(SESSION)?.state !== SessionState.Established) return
        settings = fresh
        firstTime()
        wakeAll()
      })
      .catch(fail)
  }

  const listener: SessionListener = {
    stateChanged() {},
    established: (_name, negotiated) => established(negotiated),
    update() {},
    refreshBoundary() {},
    chunkDone() {},
    down(_name, reason) {
      settings = undefined
      if (!closed && reason.kind === 'closed') log(`the session went down: ${reason.message}`)
    },
    notification(_name, { direction, text, communication }) {
      log(`${direction} ${text}${communication ? `: "${communication}"` : ''}`)
    },
    refused: (address, port, why) =>
      log(`refused a connection from ${formatEndpoint(address, port)}: ${why}`),
  }
  const sessions: SessionManager = createSessions({
    listen: scenario.listen === undefined ? [] : [scenario.listen],
    clock,
    listener,
  })

  async function wait(seconds: number): Promise<void> {
    let over = false
    const cancel = clock.after(seconds * 1000, () => {
      over = true
      wakeAll()
    })
    while (!over && !closed) await change()
    cancel()
    if (closed) throw new Closed()
  }

  async function sendAll(make: (now: SendSettings) => Iterable<Uint8Array>): Promise<void> {
    // What broke in between is announced anew from the table.
    for (const octets of make(await ready())) await send(octets)
  }

  async function perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'announce':
        await sendAll((now) => {
          for (const route of step.routes) table.set(formatPrefix(route.prefix), route)
          return encodeAnnouncements(step.routes, scenario, now)
        })
        return log(`announced ${step.routes.map((route) => formatPrefix(route.prefix)).join(', ')}`)
      case 'withdraw':
        await sendAll((now) => {
          for (const prefix of step.prefixes) table.delete(formatPrefix(prefix))
          const wire = { ...now, addPathIpv4: false, addPathIpv6: false }
          return encodeWithdrawals(
            step.prefixes.map((prefix) => ({ prefix })),
            wire,
          )
        })
        return log(`withdrew ${step.prefixes.map(formatPrefix).join(', ')}`)
      case 'endOfRib':
        await sendAll(() => {
          for (const family of step.families) ended.add(family)
          return step.families.map((family) => encodeEndOfRib(Family[family]))
        })
        return log(`sent End-of-RIB for ${step.families.join(' and ')}`)
      case 'raw':
        await sendAll(() => [step.octets])
        return log(`sent ${step.octets.length} octets as they stand in the scenario`)
      case 'wait':
        return wait(step.seconds)
      case 'repeat':
        for (let i = 0; i < step.times; i++) await performAll(step.steps)
        return
      case 'shutdown':
        await ready()
        settings = undefined
        sessions.stop(SESSION, step.communication)
        return
      case 'open':
        sessions.start(SESSION)
        return
    }
  }

  async function performAll(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await perform(step)
  }

  async function performScenario(): Promise<void> {
    await performAll(scenario.steps)
    if (messages === undefined) return
    let sent = 0
    for await (const octets of messages(await ready())) {
      if (!(await send(octets))) break
      sent++
    }
    log(`sent ${sent} messages of the capture`)
  }

  let firstTime = () => {}
  let fail = (_error: unknown) => {}
  const first = new Promise<void>((resolve) => {
    firstTime = resolve
  })
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  await sessions.listen()
  sessions.add(sessionConfig(scenario))
  const done = Promise.race([performScenario(), failed])
  const ending = done
    .then(() => sessions.drained(SESSION))
    .then(
      () => {},
      (error) => {
        if (!(error instanceof Closed)) throw error
      },
    )
  // Whoever does not ask for `done` is told by `log` alone.
  ending.catch((error) => log(String(error)))
  failed.catch(() => {})
  return {
    established: first,
    done: ending,
    addresses: sessions.addresses(),
    async close(communication = '') {
      closed = true
      wakeAll()
      await sessions.close(communication, CLOSE_WITHIN)
    },
  }
}
