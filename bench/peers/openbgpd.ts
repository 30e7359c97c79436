/** OpenBGPD: three processes, all measured. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contestant, type Setup, startProgram } from '../contestant.ts'
import { poll } from '../limits.ts'
import { compareMarks, markNames, markNumbers, output, versionOf } from './routers.ts'

/** Home of its unprivileged user, into which it shuts itself; the service's start makes it otherwise. */
const cell = '/run/openbgpd'

function judge({ registered, localAsn }: Setup): string {
  const set = (number: number) => `set community ${localAsn}:${number}`
  return `prefix-set registered { ${registered.join('\n')} }
match from any community 8075:8007 ${set(markNumbers.community)}
match from any max-as-len 3 ${set(markNumbers.longPath)}
match from any AS { 64512 - 65534, 4200000000 - 4294967294 } ${set(markNumbers.privateAsn)}
match from any prefix-set registered or-longer ${set(markNumbers.registered)}
`
}

/** The text of bgpd.conf. */
export function openbgpdConfig(setup: Setup, control: string): string {
  const { address, port, localAsn, peers, checks } = setup
  const neighbours = peers.map(
    (peer) => `neighbor ${peer.address} {
  remote-as ${peer.asn}
  local-address ${address}
  multihop 8
  announce IPv4 unicast
  announce IPv6 unicast
  passive
}
`,
  )
  return `AS ${localAsn}
router-id 192.0.2.1
listen on ${address} port ${port}
fib-update no
socket "${control}"
${neighbours.join('')}allow from any
deny to any
${checks ? judge(setup) : ''}`
}

/** The processes that a process started. */
function children(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        const [, rest = ''] = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')
        return Number(rest.split(' ')[1]) === pid
      } catch {
        return false
      }
    })
}

export const openbgpd: Contestant = {
  name: 'OpenBGPD',
  version: () => versionOf(['/usr/sbin/bgpd', '-V']),
  async start(setup) {
    const config = join(setup.directory, 'openbgpd.conf')
    const control = join(setup.directory, 'openbgpd.sock')
    // It refuses a configuration that others can read or write.
    writeFileSync(config, openbgpdConfig(setup, control), { mode: 0o600 })
    mkdirSync(cell, { recursive: true, mode: 0o755 })
    const program = startProgram(setup.directory, ['/usr/sbin/bgpd', '-d', '-f', config])
    const bgpctl = (...words: string[]) => output(['bgpctl', '-s', control, ...words], 120)
    await poll(60, `OpenBGPD to answer: ${program.output()}`, 200, async () => {
      return bgpctl('show', 'summary') !== ''
    })
    return {
      pids: [program.pid, ...children(program.pid)],
      async routes() {
        const answer = JSON.parse(bgpctl('-j', 'show', 'neighbor')) as {
          neighbors: { stats?: { prefixes?: { received?: number } } }[]
        }
        return answer.neighbors.reduce(
          (sum, each) => sum + (each.stats?.prefixes?.received ?? 0),
          0,
        )
      },
      async differences(truths) {
        return compareMarks(setup, truths, markNames, (mark) => {
          const community = `${setup.localAsn}:${markNumbers[mark]}`
          const answer = bgpctl('show', 'rib', 'community', community)
          return answer.split('\n').filter((line) => /\d+\/\d+/.test(line)).length
        })
      },
      stop: program.stop,
    }
  },
}
