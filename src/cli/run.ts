/** `bgpwarden run`: the daemon in the foreground, until it is told to end. */
import { isIPv6 } from 'node:net'
import { settleHeap } from '../collection.ts'
import type { ConfigDifference } from '../config/diff.ts'
import { loadConfig } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import { type Daemon, startDaemon } from '../daemon.ts'
import { formatEndpoint } from '../session/address.ts'
import { SocketSecurityError } from '../session/socket-security.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { version } from '../version.ts'
import { Exit, reportFailure } from './failure.ts'
import { aborted, untilInterrupted } from './interrupt.ts'
import type { Terminal } from './terminal.ts'
import { count } from './text.ts'

/** The URL of an HTTP address; `0.0.0.0` and `::` stand for every address of the host. */
export function httpUrl({ address, port }: Daemon['httpAddress']): string {
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
}

/**
 * Says what a reload changed.
 * @returns for instance `2 sessions added, 1 prefix changed, the policy changed`
 */
export function describeDifference(difference: ConfigDifference): string {
  const { sessions, prefixes, policyChanged, dynamicChanged } = difference
  const parts = [
    [count(sessions.added.length, 'session'), 'added'],
    [count(sessions.removed.length, 'session'), 'removed'],
    [count(sessions.changed.length, 'session'), 'changed'],
    [count(prefixes.added.length, 'prefix', 'prefixes'), 'added'],
    [count(prefixes.removed.length, 'prefix', 'prefixes'), 'removed'],
    [count(prefixes.changed.length, 'prefix', 'prefixes'), 'changed'],
  ]
    .filter(([what]) => !what?.startsWith('0 '))
    .map((part) => part.join(' '))
  if (policyChanged) parts.push('the policy changed')
  if (dynamicChanged) parts.push('the ranges of dynamic peers changed')
  return parts.length === 0 ? 'nothing changed' : parts.join(', ')
}

function reportReload(file: string, difference: ConfigDifference, log: Log): void {
  const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name)
  const { sessions, prefixes, restartNeeded } = difference
  const fields = {
    event: 'reload',
    sessionsAdded: names(sessions.added),
    sessionsRemoved: names(sessions.removed),
    sessionsChanged: names(sessions.changed.map(({ after }) => after)),
    prefixesAdded: prefixes.added.length,
    prefixesRemoved: prefixes.removed.length,
    prefixesChanged: prefixes.changed.length,
  }
  log.info(fields, `${file} applied: ${describeDifference(difference)}`)
  if (restartNeeded.length > 0) {
    log.warn(
      { event: 'reload', restartNeeded },
      `${restartNeeded.join(', ')} changed in ${file} and takes effect only at the next start`,
    )
  }
}

/** Reads the configuration again and applies it; a bad one is reported and changes nothing. */
async function reload(file: string, daemon: Daemon, log: Log, terminal: Terminal): Promise<void> {
  try {
    const next = await loadConfig(file)
    reportReload(file, daemon.reload(next), log)
  } catch (error) {
    if (error instanceof SocketSecurityError) {
      log.error(
        { event: 'reload', session: error.session },
        `${file} was not applied, the daemon goes on as before: ${error.message}`,
      )
      return
    }
    if (!(error instanceof ConfigError)) throw error
    reportFailure(error, terminal)
    const mistakes = count(error.problems.length, 'mistake')
    log.error(
      { event: 'reload', problems: error.problems.slice(0, 100) },
      `${file} has ${mistakes} and was not applied, the daemon goes on as before`,
    )
  }
}

function reportStart(file: string, daemon: Daemon, log: Log): void {
  const bgp = daemon.bgpAddresses.map(({ address, port }) => formatEndpoint(address, port))
  const http = httpUrl(daemon.httpAddress)
  log.info(
    { event: 'started', version, config: file, bgp: daemon.bgpAddresses, http },
    `bgpwarden ${version} runs with ${file}: BGP on ${bgp.join(', ') || 'no address'}, HTTP on ${http}`,
  )
}

/**
 * Runs the daemon. SIGHUP reads the configuration again; a bad one is reported and the old one stays.
 * SIGTERM and SIGINT say goodbye to every peer and end it.
 * @throws ConfigError, ListenError, ApiListenError, StoreError, SecretError, SocketSecurityError when
 *   it cannot start
 */
export async function run(file: string, terminal: Terminal): Promise<number> {
  const config = await loadConfig(file)
  const log = createLog(config.log)
  const { signal, release } = untilInterrupted()
  const daemon = await startDaemon({ config, log })
  settleHeap(process.versions.v8)
  reportStart(file, daemon, log)
  let reloading: Promise<void> = Promise.resolve()
  const onHangup = () => {
    // One after the other: two signals in a row must not apply two differences at once.
    reloading = reloading.then(() =>
      signal.aborted ? undefined : reload(file, daemon, log, terminal),
    )
  }
  process.on('SIGHUP', onHangup)
  try {
    await aborted(signal)
    log.info({ event: 'stopping' }, 'bgpwarden ends: saying goodbye to every peer')
    await daemon.close('bgpwarden is shutting down')
  } finally {
    process.off('SIGHUP', onHangup)
    release()
  }
  return Exit.ok
}
