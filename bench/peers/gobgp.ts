/** GoBGP. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contestant, type Setup, startProgram } from '../contestant.ts'
import { poll } from '../limits.ts'
import { compareMarks, markNames, markNumbers, output, versionOf } from './routers.ts'

const maxLength = { ipv4: 32, ipv6: 128 } as const

/** It knows no ranges of AS numbers: 64512-65534 and 4200000000-4294967294 as regular expressions. */
const privateAsns = [
  '_(6451[2-9]|645[2-9][0-9]|64[6-9][0-9][0-9]|65[0-4][0-9][0-9]|655[0-2][0-9]|6553[0-4])_',
  '_42([0-8][0-9]{7}|9[0-3][0-9]{6}|94[0-8][0-9]{5}|949[0-5][0-9]{4}|9496[0-6][0-9]{3}|94967[01][0-9]{2}|949672[0-8][0-9]|9496729[0-4])_',
]

function statement(localAsn: number, number: number, condition: object) {
  return {
    name: `mark${number}`,
    conditions: condition,
    actions: {
      'bgp-actions': {
        'set-community': {
          options: 'add',
          'set-community-method': { 'communities-list': [`${localAsn}:${number}`] },
        },
      },
    },
  }
}

function judge({ registered, family, localAsn }: Setup) {
  const any = { 'match-set-options': 'any' }
  return {
    'defined-sets': {
      'prefix-sets': [
        {
          'prefix-set-name': 'registered',
          'prefix-list': registered.map((prefix) => ({
            'ip-prefix': prefix,
            'masklength-range': `${prefix.split('/')[1]}..${maxLength[family]}`,
          })),
        },
      ],
      'bgp-defined-sets': {
        'community-sets': [{ 'community-set-name': 'required', 'community-list': ['8075:8007'] }],
        'as-path-sets': [{ 'as-path-set-name': 'private', 'as-path-list': privateAsns }],
      },
    },
    'policy-definitions': [
      {
        name: 'judge',
        statements: [
          statement(localAsn, markNumbers.community, {
            'bgp-conditions': { 'match-community-set': { 'community-set': 'required', ...any } },
          }),
          statement(localAsn, markNumbers.longPath, {
            'bgp-conditions': { 'as-path-length': { operator: 'ge', value: 4 } },
          }),
          statement(localAsn, markNumbers.privateAsn, {
            'bgp-conditions': { 'match-as-path-set': { 'as-path-set': 'private', ...any } },
          }),
          statement(localAsn, markNumbers.registered, {
            'match-prefix-set': { 'prefix-set': 'registered', ...any },
          }),
        ],
      },
    ],
  }
}

/** gobgpd.json. */
export function gobgpConfig(setup: Setup): string {
  const { address, port, localAsn, peers, checks } = setup
  const policy = {
    'default-import-policy': 'accept-route',
    'default-export-policy': 'reject-route',
    ...(checks ? { 'import-policy-list': ['judge'] } : {}),
  }
  return JSON.stringify({
    global: {
      config: {
        as: localAsn,
        'router-id': '192.0.2.1',
        port,
        'local-address-list': [address],
      },
      'apply-policy': { config: policy },
    },
    neighbors: peers.map((peer) => ({
      config: { 'neighbor-address': peer.address, 'peer-as': peer.asn },
      transport: { config: { 'passive-mode': true, 'local-address': address } },
      'afi-safis': ['ipv4-unicast', 'ipv6-unicast'].map((name) => ({
        config: { 'afi-safi-name': name },
      })),
    })),
    ...(checks ? judge(setup) : {}),
  })
}

export const gobgp: Contestant = {
  name: 'GoBGP',
  version: () => versionOf(['gobgpd', '--version']),
  async start(setup) {
    const config = join(setup.directory, 'gobgpd.json')
    const socket = `unix://${join(setup.directory, 'gobgpd.sock')}`
    writeFileSync(config, gobgpConfig(setup))
    const program = startProgram(setup.directory, [
      ...['gobgpd', '-t', 'json', '-f', config, '--api-hosts', socket, '--pprof-disable'],
    ])
    const cli = (...words: string[]) => output(['gobgp', '--target', socket, ...words], 300)
    await poll(60, `GoBGP to answer: ${program.output()}`, 200, async () => {
      return cli('neighbor').split('\n').length > setup.peers.length
    })
    return {
      pids: [program.pid],
      async routes() {
        // `Peer AS Up/Down State |#Received Accepted`
        const counts = [...cli('neighbor').matchAll(/\| +(\d+) +\d+ *$/gm)]
        return counts.reduce((sum, [, count]) => sum + Number(count), 0)
      },
      async differences(truths) {
        // Listing four million routes takes it longer than taking them in.
        if (truths.length > 1 || !setup.checks) return []
        const routes = cli('global', 'rib', '-a', setup.family).split('\n')
        return compareMarks(setup, truths, markNames, (mark) => {
          const community = new RegExp(`\\b${setup.localAsn}:${markNumbers[mark]}\\b`)
          return routes.filter((line) => community.test(line)).length
        })
      },
      stop: program.stop,
    }
  },
}
