import { describe, expect, test } from 'vitest'
import { formatPrefix } from '../../src/prefix/text.ts'
import { parseScenario, ScenarioError } from '../../src/speaker/scenario.ts'

const head = `local: { asn: 64501, routerId: 192.0.2.1 }
remote: { address: 127.0.0.1, port: 1790, asn: 64500 }
`

/** Everything that is wrong with a text, as `line:column key: message`. */
function problems(text: string): string[] {
  try {
    parseScenario(text, 'x.yaml')
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    return error.problems.map(
      ({ line, column, key, message }) => `${line}:${column} ${key}: ${message}`,
    )
  }
  return []
}

describe('parseScenario', () => {
  test('fills in what is left out', () => {
    const scenario = parseScenario(head, 'x.yaml')
    expect(scenario).toMatchObject({
      local: { asn: 64501, routerId: 0xc0000201 },
      remote: { address: '127.0.0.1', port: 1790, asn: 64500 },
      families: ['ipv4'],
      holdTime: 90,
      steps: [],
    })
    expect(formatPrefix(scenario.local.nextHop.ipv4)).toBe('192.0.2.1/32')
    expect(scenario.listen).toBeUndefined()
  })

  test('reads every kind of step', () => {
    const { steps } = parseScenario(
      `${head}families: [ipv4, ipv6]
steps:
  - announce:
      - { prefix: 198.51.100.0/24, asPath: "64501 {64502 64503}", communities: ["8075:8007"] }
      - { prefix: "2001:db8::/32", asPath: [64501, 64502], nextHop: "2001:db8::1", med: 7 }
      - { prefix: 203.0.113.0/24, asPath: 64501, largeCommunities: ["64500:1:2"], origin: egp }
  - withdraw: [198.51.100.0/24]
  - endOfRib: [ipv4, ipv6]
  - wait: 0.5
  - repeat: { times: 2, steps: [{ wait: 1 }] }
  - raw: |
      ffffffff ffffffff ffffffff ffffffff
      0013 04
  - shutdown: back at five
  - open: true
`,
      'x.yaml',
    )
    expect(steps.map((step) => step.kind)).toEqual([
      'announce',
      'withdraw',
      'endOfRib',
      'wait',
      'repeat',
      'raw',
      'shutdown',
      'open',
    ])
    expect(steps[0]).toMatchObject({
      routes: [
        {
          asPath: [
            { type: 2, asns: [64501] },
            { type: 1, asns: [64502, 64503] },
          ],
          communities: [0x1f8b1f47],
          origin: 0,
        },
        { asPath: [{ type: 2, asns: [64501, 64502] }], med: 7 },
        { asPath: [{ type: 2, asns: [64501] }], largeCommunities: [[64500, 1, 2]], origin: 1 },
      ],
    })
    expect(steps[4]).toEqual({ kind: 'repeat', times: 2, steps: [{ kind: 'wait', seconds: 1 }] })
    expect(steps[5]).toMatchObject({ octets: { length: 19 } })
  })

  test.for<[what: string, text: string, expected: string[]]>([
    [
      'nothing',
      '',
      [
        '1:1 : is missing, expected a mapping with local, remote, mode, listen, families, holdTime, steps',
      ],
    ],
    [
      'no YAML',
      `${head}steps: [`,
      [expect.stringMatching(/^3:9 : is not valid YAML: /) as unknown as string],
    ],
    ['a misspelt key', `${head}step: []`, ['3:1 step: unknown key "step", did you mean "steps"?']],
    [
      'host bits',
      `${head}steps:\n  - announce:\n      - { prefix: 198.51.100.1/24, asPath: 64501 }`,
      [
        '5:19 steps[0].announce[0].prefix: "198.51.100.1/24" has host bits set, did you mean 198.51.100.0/24?',
      ],
    ],
    [
      'a large community in the wrong list',
      `${head}steps: [{ announce: [{ prefix: 198.51.100.0/24, asPath: 64501, communities: ["1:2:3"] }] }]`,
      [
        '3:78 steps[0].announce[0].communities[0]: "1:2:3" is a large community: it belongs under "largeCommunities"',
      ],
    ],
    [
      'two actions in one step',
      `${head}steps:\n  - wait: 1\n    open: true`,
      [
        '4:5 steps[0]: expected exactly one action a step: announce, withdraw, endOfRib, wait, repeat, raw, shutdown, open',
      ],
    ],
    [
      'IPv6 without a next hop',
      `${head}families: [ipv6]\nsteps:\n  - announce: [{ prefix: "2001:db8::/32", asPath: 64501 }]`,
      [
        '5:26 steps[0].announce[0].prefix: an IPv6 route needs a "nextHop", here or as "local.nextHop.ipv6"',
      ],
    ],
    [
      'a family that the session does not carry, inside a repeat',
      `${head}families: [ipv6]\nsteps:\n  - repeat:\n      times: 2\n      steps: [{ announce: [{ prefix: 192.0.2.0/24, asPath: 64501 }] }]`,
      ['7:38 steps[0].repeat.steps[0].announce[0].prefix: 192.0.2.0/24 needs ipv4 in "families"'],
    ],
    [
      'a next hop of the other family',
      `${head}steps: [{ announce: [{ prefix: 192.0.2.0/24, asPath: 64501, nextHop: "2001:db8::1" }] }]`,
      ["3:70 steps[0].announce[0].nextHop: the next hop is not of the prefix's family"],
    ],
    [
      'passive without a place to listen',
      `${head}mode: passive`,
      ['3:7 mode: a passive speaker needs "listen: { address, port }"'],
    ],
    [
      'several at once, in the order of the file',
      'local: { asn: x, routerId: 300.0.2.1 }\nremote: { address: here, asn: 4294967296 }\nholdTime: 2',
      [
        '1:15 local.asn: found "x", expected a whole number from 0 to 4294967295',
        '1:28 local.routerId: "300.0.2.1" is not an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1',
        '2:20 remote.address: "here" is not an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1',
        '2:31 remote.asn: found 4294967296, expected a whole number from 0 to 4294967295',
        '3:11 holdTime: expected 0 (no hold timer), or 3 to 65535 seconds',
      ],
    ],
    [
      'hex that is no message',
      `${head}steps: [{ raw: ffff }]`,
      ['3:16 steps[0].raw: expected a whole message in hex (at least 19 octets), in quotes'],
    ],
  ])('%s', ([, text, expected]) => {
    expect(problems(text)).toEqual(expected)
  })

  test('the message of the error names file, line, column and key', () => {
    expect(() => parseScenario(`${head}step: []`, 'x.yaml')).toThrow(
      'x.yaml:3:1: step: unknown key "step", did you mean "steps"?',
    )
  })
})
