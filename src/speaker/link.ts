/** A speaker's session: comes up again by itself, and then says again what was said before. */
import { formatEndpoint } from '../session/address.ts'
import { createSessions, type SessionManager } from '../session/sessions.ts'
import {
  type Clock,
  type Negotiated,
  type SessionConfig,
  type SessionListener,
  SessionState,
} from '../session/types.ts'
import type { Scenario } from './scenario.ts'
import type { SendSettings } from './updates.ts'

/** The speaker was closed while a step waited. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
}

export interface LinkOptions {
  readonly scenario: Scenario
  readonly clock: Clock
  /** Told what happens, one sentence each. */
  readonly log: (sentence: string) => void
  /** Everything that the peer must hear first, each time the session is Established. */
  readonly greeting: (settings: SendSettings) => readonly Uint8Array[]
}

export interface Link {
  /** Resolves when the session is Established for the first time. */
  readonly established: Promise<void>
  /** Rejects when the greeting cannot be made; never resolves. */
  readonly failed: Promise<never>
  readonly sessions: SessionManager
  /** Waits until the session is Established and the greeting is sent. @throws ClosedError */
  ready(): Promise<SendSettings>
  /** Sends, and waits where the peer reads slowly. @returns false when the session broke */
  send(octets: Uint8Array): Promise<boolean>
  /** @throws ClosedError */
  wait(seconds: number): Promise<void>
  /** Cease / Administrative Shutdown; the session stays down until `start`. */
  stop(communication: string): void
  start(): void
  /** Resolves when all that was sent has left. */
  drained(): Promise<void>
  close(communication: string): Promise<void>
}

const CLOSE_WITHIN = 2000
const NAME = 'peer'

function sessionConfig({ local, remote, listen, families, holdTime }: Scenario): SessionConfig {
  return {
    name: NAME,
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

/** Lets others wait until something may have changed. */
function createBell() {
  let waiting: (() => void)[] = []
  return {
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    ring() {
      const all = waiting
      waiting = []
      for (const resume of all) resume()
    },
  }
}

/** A promise and the two ends of it. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

/** What a session tells, as sentences. */
function createListener(
  log: (sentence: string) => void,
  established: (negotiated: Negotiated) => void,
  down: () => void,
): SessionListener {
  return {
    stateChanged() {},
    established: (_name, negotiated) => established(negotiated),
    update() {},
    refreshBoundary() {},
    chunkDone() {},
    down(_name, reason) {
      down()
      if (reason.kind === 'closed') log(`the session went down: ${reason.message}`)
    },
    notification(_name, { direction, text, communication }) {
      log(`${direction} ${text}${communication ? `: "${communication}"` : ''}`)
    },
    refused(address, port, why) {
      log(`refused a connection from ${formatEndpoint(address, port)}: ${why}`)
    },
  }
}

/**
 * Makes the session and starts it.
 * @throws ListenError when a passive speaker cannot listen
 */
export async function openLink({ scenario, clock, log, greeting }: LinkOptions): Promise<Link> {
  const bell = createBell()
  const first = deferred<void>()
  const failure = deferred<never>()
  let settings: SendSettings | undefined
  let closed = false

  async function send(octets: Uint8Array): Promise<boolean> {
    while (!sessions.send(NAME, octets)) {
      if (closed || !(await sessions.drained(NAME))) return false
    }
    return true
  }

  async function greet(fresh: SendSettings): Promise<void> {
    for (const octets of greeting(fresh)) if (!(await send(octets))) return
    if (sessions.status(NAME)?.state !== SessionState.Established) return
    settings = fresh
    first.resolve()
    bell.ring()
  }

  function established({ remoteAsn, decode, maxMessageLength }: Negotiated): void {
    log(`Established with AS${remoteAsn} at ${scenario.remote.address}`)
    // In a turn of its own: the session calls from the middle of its own change.
    const fresh = { as4: decode.as4, maxMessageLength }
    Promise.resolve()
      .then(() => greet(fresh))
      .catch(failure.reject)
  }

  const sessions = createSessions({
    listen: scenario.listen === undefined ? [] : [scenario.listen],
    clock,
    listener: createListener(log, established, () => {
      settings = undefined
    }),
  })
  await sessions.listen()
  sessions.add(sessionConfig(scenario))
  // Nobody has to ask for it.
  failure.promise.catch(() => {})

  return {
    established: first.promise,
    failed: failure.promise,
    sessions,
    async ready() {
      while (settings === undefined && !closed) await bell.next()
      if (closed || settings === undefined) throw new ClosedError()
      return settings
    },
    send,
    async wait(seconds) {
      let over = false
      const cancel = clock.after(seconds * 1000, () => {
        over = true
        bell.ring()
      })
      while (!over && !closed) await bell.next()
      cancel()
      if (closed) throw new ClosedError()
    },
    stop(communication) {
      settings = undefined
      sessions.stop(NAME, communication)
    },
    start: () => void sessions.start(NAME),
    drained: async () => void (await sessions.drained(NAME)),
    async close(communication) {
      closed = true
      bell.ring()
      await sessions.close(communication, CLOSE_WITHIN)
    },
  }
}
