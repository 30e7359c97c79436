/** BIRD 2. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contestant, type Setup, startProgram } from '../contestant.ts'
import { poll } from '../limits.ts'
import { compareMarks, markNames, markNumbers, output, versionOf } from './routers.ts'

const maxLength = { ipv4: 32, ipv6: 128 } as const

function filter({ registered, family, localAsn }: Setup): string {
  const ranges = registered.map((prefix) => {
    const [, length] = prefix.split('/')
    return `${prefix}{${length},${maxLength[family]}}`
  })
  const add = (number: number) => `bgp_community.add((${localAsn}, ${number}))`
  return `define REGISTERED = [ ${ranges.join(',\n')} ];
filter judge {
  if (8075, 8007) ~ bgp_community then ${add(markNumbers.community)};
  if bgp_path.len > 3 then ${add(markNumbers.longPath)};
  if bgp_path ~ [64512..65534, 4200000000..4294967294] then ${add(markNumbers.privateAsn)};
  if net ~ REGISTERED then ${add(markNumbers.registered)};
  accept;
}
`
}

/** The text of bird.conf. */
export function birdConfig(setup: Setup): string {
  const { address, port, localAsn, peers, checks, family } = setup
  const take = (name: string) =>
    `${name} { import ${checks && name === family ? 'filter judge' : 'all'}; export none; };`
  const sessions = peers.map(
    (peer, i) => `protocol bgp peer${i} {
  local ${address} port ${port} as ${localAsn};
  neighbor ${peer.address} as ${peer.asn};
  multihop; passive on;
  ${take('ipv4')}
  ${take('ipv6')}
}
`,
  )
  return `log "bird-messages.log" { warning, error, fatal, bug };
router id 192.0.2.1;
protocol device {}
protocol direct { ipv4; ipv6; }
${checks ? filter(setup) : ''}${sessions.join('')}`
}

export const bird: Contestant = {
  name: 'BIRD',
  version: () => versionOf(['bird', '--version']),
  async start(setup) {
    const config = join(setup.directory, 'bird.conf')
    const control = join(setup.directory, 'bird.ctl')
    writeFileSync(config, birdConfig(setup))
    const program = startProgram(setup.directory, [
      ...['bird', '-f', '-c', config, '-s', control],
      ...['-P', join(setup.directory, 'bird.pid')],
    ])
    const birdc = (words: string) => output(['birdc', '-s', control, words])
    await poll(30, `BIRD to answer: ${program.output()}`, 100, async () =>
      birdc('show status').includes('up and running'),
    )
    return {
      pids: [program.pid],
      // The counters of the channels: no walk over the table.
      async routes() {
        const routes = birdc('show protocols all "peer*"').matchAll(/Routes: +(\d+) imported/g)
        return [...routes].reduce((sum, [, count]) => sum + Number(count), 0)
      },
      async differences(truths) {
        return compareMarks(setup, truths, markNames, (mark) => {
          const community = `(${setup.localAsn}, ${markNumbers[mark]})`
          const answer = birdc(`show route where ${community} ~ bgp_community count`)
          // One line a table, and at times a total.
          const counts = [...answer.matchAll(/^(\d+) of \d+ routes/gm)]
          return counts.reduce((sum, [, count]) => sum + Number(count), 0)
        })
      },
      stop: program.stop,
    }
  },
}
