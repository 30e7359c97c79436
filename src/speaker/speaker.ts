/** The test speaker: an ordinary session that announces what its scenario says. */
import { Family, type FamilyName } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import type { Clock } from '../session/types.ts'
import { encodeEndOfRib, encodeWithdrawals } from '../wire/update-values.ts'
import { ClosedError, type Link, openLink } from './link.ts'
import type { Announcement, Scenario, Step } from './scenario.ts'
import { encodeAnnouncements, type SendSettings } from './updates.ts'

/** Whole messages that are sent after the steps, such as the UPDATEs of a capture. */
export type Messages = (settings: SendSettings) => Iterable<Uint8Array>

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

/** What the peer was told, and shall be told again after a break. */
interface Table {
  /** By the text of the prefix. */
  readonly routes: Map<string, Announcement>
  /** Families of which End-of-RIB was said. */
  readonly ended: Set<FamilyName>
}

interface Performance {
  readonly scenario: Scenario
  readonly link: Link
  readonly table: Table
  readonly log: (sentence: string) => void
}

/** Sends what `make` gives; what a break swallows is said again from the table. */
async function sendAll(
  link: Link,
  make: (settings: SendSettings) => readonly Uint8Array[],
): Promise<void> {
  for (const octets of make(await link.ready())) await link.send(octets)
}

async function announce(
  { scenario, link, table, log }: Performance,
  routes: readonly Announcement[],
) {
  await sendAll(link, (settings) => {
    for (const route of routes) table.routes.set(formatPrefix(route.prefix), route)
    return encodeAnnouncements(routes, scenario, settings)
  })
  log(`announced ${routes.map((route) => formatPrefix(route.prefix)).join(', ')}`)
}

async function withdraw(
  { link, table, log }: Performance,
  prefixes: readonly Announcement['prefix'][],
) {
  await sendAll(link, (settings) => {
    for (const prefix of prefixes) table.routes.delete(formatPrefix(prefix))
    return encodeWithdrawals(
      prefixes.map((prefix) => ({ prefix })),
      { ...settings, addPathIpv4: false, addPathIpv6: false },
    )
  })
  log(`withdrew ${prefixes.map(formatPrefix).join(', ')}`)
}

async function endOfRib({ link, table, log }: Performance, families: readonly FamilyName[]) {
  await sendAll(link, () => {
    for (const family of families) table.ended.add(family)
    return families.map((family) => encodeEndOfRib(Family[family]))
  })
  log(`sent End-of-RIB for ${families.join(' and ')}`)
}

async function perform(performance: Performance, step: Step): Promise<void> {
  const { link, log } = performance
  switch (step.kind) {
    case 'announce':
      return announce(performance, step.routes)
    case 'withdraw':
      return withdraw(performance, step.prefixes)
    case 'endOfRib':
      return endOfRib(performance, step.families)
    case 'raw':
      await sendAll(link, () => [step.octets])
      return log(`sent ${step.octets.length} octets as they stand in the scenario`)
    case 'wait':
      return link.wait(step.seconds)
    case 'repeat':
      for (let i = 0; i < step.times; i++) await performAll(performance, step.steps)
      return
    case 'shutdown':
      await link.ready()
      return link.stop(step.communication)
    case 'open':
      return link.start()
  }
}

async function performAll(performance: Performance, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await perform(performance, step)
}

async function sendMessages({ link, log }: Performance, messages: Messages): Promise<void> {
  let sent = 0
  for (const octets of messages(await link.ready())) {
    if (!(await link.send(octets))) break
    sent++
  }
  log(`sent ${sent} messages of the capture`)
}

/**
 * Starts a speaker. When its session breaks, it comes up again by itself, announces what it had announced
 * so far, and goes on with its steps.
 * @throws ListenError when a passive speaker cannot listen
 */
export async function startSpeaker(scenario: Scenario, options: SpeakerOptions): Promise<Speaker> {
  const { clock, log = () => {}, messages } = options
  const table: Table = { routes: new Map(), ended: new Set() }
  const greeting = (settings: SendSettings) => [
    ...encodeAnnouncements(table.routes.values(), scenario, settings),
    ...Array.from(table.ended, (family) => encodeEndOfRib(Family[family])),
  ]
  const link = await openLink({ scenario, clock, log, greeting })

  async function performScenario(): Promise<void> {
    const performance = { scenario, link, table, log }
    try {
      await performAll(performance, scenario.steps)
      if (messages !== undefined) await sendMessages(performance, messages)
      await link.drained()
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error
    }
  }

  const done = Promise.race([performScenario(), link.failed])
  // Whoever does not ask for `done` is told by `log` alone.
  done.catch((error: unknown) => log(String(error)))
  return {
    established: link.established,
    done,
    addresses: link.sessions.addresses(),
    close: (communication = '') => link.close(communication),
  }
}
