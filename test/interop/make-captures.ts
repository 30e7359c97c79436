/**
 * Makes the captures in pcaps/: real routers tell this daemon a story, and tcpdump listens.
 *
 *   npx tsx test/interop/make-captures.ts [NAME...]
 *
 * Needs what the interop suite needs. pcaps/NAME.yaml is the configuration of the daemon, and a capture
 * is kept only if the daemon itself came to the verdicts of pcaps/NAME.expected while it was made.
 */
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Expected, parseExpected } from '../support/expected-verdicts.ts'
import { bird } from './support/bird.ts'
import { type Daemon, daemonAsn, daemonHost, makeDaemon, repository } from './support/daemon.ts'
import { frr } from './support/frr.ts'
import { gobgp } from './support/gobgp.ts'
import { makeLan } from './support/lan.ts'
import preflight from './support/preflight.ts'
import { startProgram } from './support/process.ts'
import type { Route, Router, StartRouter } from './support/router.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace } from './support/workspace.ts'

const routerAsn = 64501
const customer = 64510

interface Story {
  readonly name: string
  readonly start: StartRouter
  readonly routes: readonly Route[]
  /** What happens once the first table has been judged. */
  readonly action?: (scene: { router: Router; daemon: Daemon }) => Promise<unknown>
}

/** A route as it should be; `faults` says what is wrong with it. */
function route(prefix: string, faults: Partial<Route> = {}): Route {
  return { prefix, path: [customer], communities: ['8075:8007'], ...faults }
}

const web = route('198.51.100.0/24')
const mail = route('203.0.113.0/24')

const stories: readonly Story[] = [
  {
    name: 'clean-table',
    start: bird,
    routes: [web, mail, route('2001:db8:100::/48'), route('192.0.2.128/25', { communities: [] })],
  },
  {
    name: 'missing-community',
    start: frr,
    routes: [web, { ...mail, communities: ['64501:100', '8075:8006'] }],
  },
  { name: 'long-path', start: gobgp, routes: [web, { ...mail, path: [64508, 64509, customer] }] },
  { name: 'private-as', start: bird, routes: [web, { ...mail, path: [65010, customer] }] },
  { name: 'prepending', start: frr, routes: [web, { ...mail, path: [customer, customer] }] },
  {
    name: 'overlap',
    start: gobgp,
    routes: [web, route('198.51.100.64/26', { path: [64511] }), mail, route('203.0.113.128/25')],
  },
  {
    name: 'withdrawal-and-recovery',
    start: bird,
    routes: [web, mail],
    action: async ({ router, daemon }) => {
      await daemon.prefixIs('mail', 'Verified')
      await router.setRoutes([web])
      await daemon.prefixIs('mail', 'Failed')
      await router.setRoutes([web, mail])
    },
  },
  {
    name: 'ipv6',
    start: frr,
    routes: [
      web,
      route('2001:db8:100::/48'),
      route('2001:db8:200::/48', { communities: [] }),
      route('2001:db8:300::/48', { path: [64507, 64508, customer] }),
    ],
  },
  {
    name: 'session-reset',
    start: gobgp,
    routes: [web, mail],
    action: async ({ router, daemon }) => {
      await daemon.prefixIs('mail', 'Verified')
      // One route more than maxPrefixes.
      await router.setRoutes([web, mail, route('192.0.2.128/25')])
    },
  },
  {
    name: 'router-shutdown',
    start: frr,
    routes: [web, mail],
    action: async ({ router, daemon }) => {
      await daemon.prefixIs('mail', 'Verified')
      await router.closeSession('fibre works until 14:00 UTC')
    },
  },
]

/** Waits until every prefix has the verdict that is expected at the end of the story. */
async function judged(daemon: Daemon, expected: Expected): Promise<void> {
  for (const { name, state, reasons } of expected.verdicts)
    await waitFor(
      `${name} to be ${state} ${reasons.join(' ')}`,
      async () => {
        const verdict = await daemon.prefix(name)
        return verdict.state === state && verdict.reasons.toSorted().join() === reasons.join()
      },
      { state: () => daemon.prefix(name) },
    )
}

async function makeCapture(story: Story): Promise<void> {
  const file = (suffix: string) => join(repository, 'pcaps', `${story.name}.${suffix}`)
  const expected = parseExpected(await readFile(file('expected'), 'utf8'))
  const workspace = await makeWorkspace()
  const lan = await makeLan('warden', daemonHost)
  await lan.join('edge', 11)
  const config = await readFile(file('yaml'), 'utf8')
  const daemon = await makeDaemon(lan, await workspace.folder('daemon'), config)
  const directory = await workspace.folder('edge')
  const router = story.start({
    lan,
    node: 'edge',
    host: 11,
    asn: routerAsn,
    peerHost: daemonHost,
    peerAsn: daemonAsn,
    opens: true,
    directory,
  })
  const capture = join(directory, 'capture.pcap')
  const tcpdump = startProgram('tcpdump', [
    ...lan.inside(lan.hub),
    ...['tcpdump', '-i', lan.bridge, '-n', '-U', '--immediate-mode', '-Z', 'root'],
    ...['-w', capture, 'tcp port 179'],
  ])
  try {
    await tcpdump.says(/listening on/)
    await daemon.start()
    await router.start(story.routes)
    await daemon.sessionIs('edge', 'Established')
    await story.action?.({ router, daemon })
    await judged(daemon, expected)
    await tcpdump.stop('SIGINT')
    await copyFile(capture, file('pcap'))
    console.log(`${story.name}: ${router.make}, ${/\d+ packets captured/.exec(tcpdump.output())}`)
  } finally {
    await tcpdump.stop('SIGINT')
    await router.stop()
    await daemon.close()
    await lan.close()
    await workspace.remove()
  }
}

await preflight()
const wanted = process.argv.slice(2)
for (const story of stories)
  if (wanted.length === 0 || wanted.includes(story.name)) await makeCapture(story)
