/** What people type: prefixes, AS paths, communities; configurations and scenarios. */
import type { Random } from '../../bench/random.ts'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError, formatProblems } from '../../src/config/problem.ts'
import {
  formatAddress,
  formatPrefix,
  PrefixError,
  parseAddress,
  parsePrefix,
} from '../../src/prefix/text.ts'
import { parseScenario, ScenarioError } from '../../src/speaker/scenario.ts'
import {
  AsPathError,
  encodeAsPath,
  formatAsPath,
  parseAsNumber,
  parseAsPath,
  readAsPath,
} from '../../src/wire/as-path.ts'
import {
  CommunityError,
  formatCommunity,
  formatExtendedCommunity,
  formatLargeCommunity,
  parseCommunity,
  parseExtendedCommunity,
} from '../../src/wire/community-text.ts'
import { Cursor } from '../../src/wire/cursor.ts'
import { EncodeError } from '../../src/wire/errors.ts'
import { viewOf } from '../support/vectors.ts'
import { mutateText, pick } from './mutate.ts'
import { yamlTexts } from './seeds.ts'
import { demand, demandEqual, expectOnly, target } from './target.ts'

const words = [
  ...[
    '/',
    '.',
    ':',
    '::',
    '0',
    '00',
    '1',
    '32',
    '33',
    '128',
    '129',
    '255',
    '256',
    '65535',
    '65536',
  ],
  ...[
    '4294967295',
    '4294967296',
    '99999999999',
    '-1',
    '1e3',
    '0x10',
    ' ',
    ',',
    '\t',
    '\n',
    '%eth0',
  ],
  ...['{', '}', '(', ')', '[', ']', '{}', 'ffff', 'fe80', 'g', 'rt', 'ro', '0x', 'no-export', '\0'],
  ...['\u0660', '\ud800', '１'],
]
const texts = [
  ...['198.51.100.0/24', '0.0.0.0/0', '192.0.2.1', '2001:db8::/32', '::/0', '::ffff:192.0.2.1/128'],
  ...['2001:db8::1', 'fe80::1', '64501 64502 {64503 64504}', '(65001) [65002] 1.10', '64501,64502'],
  ...['8075:8007', '64500:1:2', 'blackhole', 'rt:64500:1', 'rt:192.0.2.1:1', 'ro:0.64500:1'],
  ...['0x0002fbf500000001', '23456', ''],
]

export const textTarget = target<string>({
  name: 'text',
  generate: (random) => mutateText(pick(random, texts), random, words, texts),
  check(text) {
    const prefix = expectOnly([PrefixError], () => parsePrefix(text))
    if (prefix) demandEqual(parsePrefix(formatPrefix(prefix)), prefix, 'a prefix became another')
    const address = expectOnly([PrefixError], () => parseAddress(text))
    if (address) demandEqual(parseAddress(formatAddress(address)), address, 'another address')
    expectOnly([AsPathError], () => parseAsNumber(text))
    const path = expectOnly([AsPathError], () => parseAsPath(text))
    if (path) {
      demandEqual(parseAsPath(formatAsPath(path)), path, 'an AS path became another')
      const octets = expectOnly([EncodeError], () => encodeAsPath(path, true))
      if (octets) formatAsPath(readAsPath(new Cursor(viewOf(octets)), true))
    }
    const community = expectOnly([CommunityError], () => parseCommunity(text))
    if (community) {
      const shown =
        community.kind === 'standard'
          ? formatCommunity(community.value)
          : formatLargeCommunity(community.words)
      demandEqual(parseCommunity(shown), community, 'a community became another')
    }
    const extended = expectOnly([CommunityError], () => parseExtendedCommunity(text))
    if (extended) {
      const shown = formatExtendedCommunity(extended)
      demandEqual(parseExtendedCommunity(shown), extended, 'an extended community became another')
    }
  },
})

const yamlWords = [
  ...[
    '\n',
    '  ',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '#',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: *a',
    '!!map',
  ],
  ...[
    '|\n',
    '>\n',
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '? ',
    '~',
    'null',
    'true',
    '.inf',
    '-.nan',
    '0x1',
  ],
  ...[
    '1e999',
    '-1',
    '4294967296',
    '__proto__: 1',
    'constructor',
    '\t',
    '\r',
    '\0',
    '\ufeff',
    '\ud800',
  ],
  ...[
    '[[[[',
    '{a: {a: ',
    '- - - - ',
    'repeat: { times: 1000000, steps: [',
    'prefix: ',
    'sessions:\n',
  ],
]

function yaml(random: Random, seeds: readonly string[]): string {
  if (random.chance(0.02)) return pick(random, yamlWords).repeat(random.below(5000))
  return mutateText(pick(random, seeds), random, yamlWords, seeds)
}

const configs = yamlTexts('examples', 'test/golden/config', 'pcaps')

/** What a fuzzed configuration names may be any file of the machine. */
function noFiles(): Uint8Array {
  return new TextEncoder().encode('secret\n')
}

export const configTarget = target<string>({
  name: 'config',
  generate: (random) => yaml(random, configs),
  check(text) {
    try {
      parseConfig(text, 'fuzz.yaml', noFiles)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      demand(error.problems.length > 0, 'a ConfigError without problems')
      const shown = formatProblems(error.problems, text, false)
      demand(shown !== '', 'problems without words')
    }
  },
})

const scenarios = yamlTexts('examples/lab')

export const scenarioTarget = target<string>({
  name: 'scenario',
  generate: (random) => yaml(random, scenarios),
  check(text) {
    try {
      parseScenario(text, 'fuzz.yaml')
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error
      demand(error.problems.length > 0 && error.message !== '', 'a ScenarioError without problems')
    }
  },
})
