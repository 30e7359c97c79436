/**
 * FRR: bgpd, with zebra beside it for next hops only. bgpd alone is measured, and no route goes to
 * zebra (`bgpd -n`).
 */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contestant, type Setup, startProgram } from '../contestant.ts'
import { poll, sleep } from '../limits.ts'
import { compareMarks, markNumbers, output, versionOf } from './routers.ts'

const programs = '/usr/lib/frr'

/**
 * bgpd compares each line of a prefix list with all lines before it while it reads them: 10 000 take
 * it minutes. It gets a tenth; a look-up hardly depends on their number.
 */
const LIST_LIMIT = 1000

/** 64512-65534 and 4200000000-4294967294 as regular expressions. */
const privateAsns = [
  '_(6451[2-9]|645[2-9][0-9]|64[6-9][0-9][0-9]|65[0-4][0-9][0-9]|655[0-2][0-9]|6553[0-4])_',
  '_42([0-8][0-9]{7}|9[0-3][0-9]{6}|94[0-8][0-9]{5}|949[0-5][0-9]{4}|9496[0-6][0-9]{3}|94967[01][0-9]{2}|949672[0-8][0-9]|9496729[0-4])_',
]

const words = { ipv4: ['ip', 'le 32'], ipv6: ['ipv6', 'le 128'] } as const

function judge({ registered, family, localAsn }: Setup): string[] {
  const [ip, longest] = words[family]
  const conditions = [
    ['match community required', markNumbers.community],
    ['match as-path long', markNumbers.longPath],
    ['match as-path private', markNumbers.privateAsn],
    [`match ${ip} address prefix-list registered`, markNumbers.registered],
  ] as const
  return [
    'bgp community-list standard required permit 8075:8007',
    'bgp as-path access-list long permit ^[0-9{},]+( [0-9{},]+){3,}$',
    ...privateAsns.map((pattern) => `bgp as-path access-list private permit ${pattern}`),
    ...registered
      .slice(0, LIST_LIMIT)
      .map(
        (prefix, i) => `${ip} prefix-list registered seq ${i * 5 + 5} permit ${prefix} ${longest}`,
      ),
    ...conditions.flatMap(([condition, number]) => [
      `route-map judge permit ${number * 10}`,
      ` ${condition}`,
      ` set community ${localAsn}:${number} additive`,
      ' on-match next',
    ]),
    'route-map judge permit 100',
  ]
}

/** The text of bgpd.conf; lists stand before the neighbours that use them. */
export function frrConfig(setup: Setup): string {
  const { localAsn, peers, checks, family } = setup
  const lines = ['frr defaults traditional', 'route-map nothing deny 10']
  if (checks) lines.push(...judge(setup))
  lines.push(
    `router bgp ${localAsn}`,
    ' bgp router-id 192.0.2.1',
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
  )
  for (const { address, asn } of peers) {
    lines.push(
      ` neighbor ${address} remote-as ${asn}`,
      ` neighbor ${address} passive`,
      ` neighbor ${address} ebgp-multihop 8`,
      ` neighbor ${address} disable-connected-check`,
    )
  }
  for (const each of ['ipv4', 'ipv6'] as const) {
    lines.push(` address-family ${each} unicast`)
    for (const { address } of peers) {
      lines.push(`  neighbor ${address} activate`, `  neighbor ${address} route-map nothing out`)
      if (checks && each === family) lines.push(`  neighbor ${address} route-map judge in`)
    }
    lines.push(' exit-address-family')
  }
  return `${lines.join('\n')}\n`
}

export const frr: Contestant = {
  name: 'FRR',
  version: () => versionOf([`${programs}/bgpd`, '--version']),
  remark: `with checks: ${LIST_LIMIT} registered prefixes, as its prefix lists load in quadratic time`,
  async start(setup) {
    const { directory, address, port, family } = setup
    // FRR's programs give up root for the user frr and then make their sockets.
    chmodSync(directory, 0o777)
    const config = join(directory, 'bgpd.conf')
    writeFileSync(config, frrConfig(setup))
    const common = (name: string) => [
      ...['-A', '127.0.0.1', '-P', '0', '--vty_socket', directory],
      ...['-z', join(directory, 'zserv.api'), '-i', join(directory, `${name}.pid`)],
    ]
    const zebra = startProgram(directory, [`${programs}/zebra`, ...common('zebra')])
    await sleep(1000)
    const bgpd = startProgram(directory, [
      ...[`${programs}/bgpd`, '-S', '-n', '-l', address, '-p', String(port), '-f', config],
      ...common('bgpd'),
    ])
    const vtysh = (command: string) =>
      output(['vtysh', '--vty_socket', directory, '-d', 'bgpd', '-c', command], 60)
    await poll(60, `FRR to answer: ${bgpd.output()}`, 200, async () => {
      return vtysh('show bgp summary') !== ''
    })
    return {
      pids: [bgpd.pid],
      async routes() {
        const answer = vtysh('show bgp summary json').matchAll(/"pfxRcd": ?(\d+)/g)
        return [...answer].reduce((sum, [, count]) => sum + Number(count), 0)
      },
      async differences(truths) {
        // The registered ones cannot be compared, and only best paths are counted.
        if (truths.length > 1) return []
        const marks = ['community', 'longPath', 'privateAsn'] as const
        return compareMarks(setup, truths, marks, (mark) => {
          const community = `${setup.localAsn}:${markNumbers[mark as keyof typeof markNumbers]}`
          const answer = vtysh(`show bgp ${family} unicast community ${community}`)
          return Number(answer.match(/^Displayed +(\d+)/m)?.[1] ?? 0)
        })
      },
      async stop() {
        await bgpd.stop()
        await zebra.stop()
      },
    }
  },
}
