/** What a test speaker does, and the reading of its script: a YAML file, every mistake with its place. */
import { readFileSync } from 'node:fs'
import { type ConfigDocument, readDocument } from '../config/document.ts'
import type { ConfigProblem } from '../config/problem.ts'
import { createReport, type Report } from '../config/report.ts'
import type { Path } from '../fields/issues.ts'
import { quoted } from '../fields/quoted.ts'
import { type FamilyName, familyName, familyNames, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, parseAddress } from '../prefix/text.ts'
import type { AsPathSegment } from '../wire/as-path.ts'
import { type ScenarioIssue, scenarioKeys, scenarioSchema } from './scenario-schema.ts'

/** A scenario that cannot be used; `message` lists every problem, one a line. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  /** In the order of the file. */
  readonly problems: readonly ConfigProblem[]
  /** What was read. */
  readonly text: string

  constructor(problems: readonly ConfigProblem[], text: string) {
    super(
      problems
        .map(({ file, line, column, key, message }) =>
          key === ''
            ? `${file}:${line}:${column}: ${message}`
            : `${file}:${line}:${column}: ${key}: ${message}`,
        )
        .join('\n'),
    )
    this.problems = problems
    this.text = text
  }
}

/** One route to announce. */
export interface Announcement {
  readonly prefix: Prefix
  readonly asPath: readonly AsPathSegment[]
  /** Standard communities, unsigned 32 bits each. */
  readonly communities: readonly number[]
  readonly largeCommunities: readonly (readonly [number, number, number])[]
  /** An address of the prefix's family; absent: the scenario's for that family. */
  readonly nextHop?: Prefix | undefined
  readonly med?: number | undefined
  /** RFC 4271 §5.1.1: 0 IGP, 1 EGP, 2 INCOMPLETE. */
  readonly origin: 0 | 1 | 2
}

export type Step =
  | { readonly kind: 'announce'; readonly routes: readonly Announcement[] }
  | { readonly kind: 'withdraw'; readonly prefixes: readonly Prefix[] }
  | { readonly kind: 'endOfRib'; readonly families: readonly FamilyName[] }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'repeat'; readonly times: number; readonly steps: readonly Step[] }
  /** A whole message, header included, sent as it stands. */
  | { readonly kind: 'raw'; readonly octets: Uint8Array }
  /** Cease / Administrative Shutdown with this communication (RFC 9003); the session stays down. */
  | { readonly kind: 'shutdown'; readonly communication: string }
  /** Brings the session up again after `shutdown`. */
  | { readonly kind: 'open' }

/** What a speaker does and with whom. */
export interface Scenario {
  readonly local: {
    readonly asn: number
    /** Unsigned 32 bits. */
    readonly routerId: number
    /** Source address of the connection. */
    readonly address?: string | undefined
    /** Next hops of routes that name none; IPv4 falls back to the router id. */
    readonly nextHop: { readonly ipv4: Prefix; readonly ipv6?: Prefix | undefined }
  }
  readonly remote: { readonly address: string; readonly port: number; readonly asn: number }
  /** Where a passive speaker waits; absent: it opens the connection. */
  readonly listen?: { readonly address: string; readonly port: number } | undefined
  readonly families: readonly FamilyName[]
  /** Seconds. */
  readonly holdTime: number
  readonly steps: readonly Step[]
}

/** Says a mistake that the schema found, in the words of the file. */
function reportIssue(issue: ScenarioIssue, document: ConfigDocument, report: Report): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const meant = report.guess(key, scenarioKeys)
      report.add([...issue.path, key], `unknown key ${quoted(key)}${meant}`, 'key')
    }
  } else if (issue.code === 'custom') {
    report.add(issue.path, issue.message)
  } else {
    const found = document.found(issue.path)
    const shown = found === 'nothing' ? 'is missing' : `found ${found}`
    report.add(issue.path, `${shown}, expected ${issue.message}`)
  }
}

type Add = (path: Path, message: string) => void

/** What a route needs from the rest of the scenario: its family on the session, a next hop for IPv6. */
function checkSteps(
  steps: readonly Step[],
  path: Path,
  scenario: Pick<Scenario, 'local' | 'families'>,
  add: Add,
): void {
  steps.forEach((step, i) => {
    if (step.kind === 'repeat') {
      checkSteps(step.steps, [...path, i, 'repeat', 'steps'], scenario, add)
    }
    if (step.kind !== 'announce') return
    step.routes.forEach((route, r) => {
      const family = familyName(route.prefix.family)
      const place = [...path, i, 'announce', r, 'prefix']
      if (!scenario.families.includes(family)) {
        add(place, `${formatPrefix(route.prefix)} needs ${family} in "families"`)
      } else if (route.nextHop === undefined && scenario.local.nextHop[family] === undefined) {
        add(place, 'an IPv6 route needs a "nextHop", here or as "local.nextHop.ipv6"')
      }
    })
  })
}

/** What no single key can be blamed for. */
function checkScenario(scenario: Scenario, mode: 'active' | 'passive', add: Add): void {
  if (mode === 'passive' && scenario.listen === undefined) {
    add(['mode'], 'a passive speaker needs "listen: { address, port }"')
  }
  if (mode === 'active' && scenario.listen !== undefined) {
    add(['listen'], 'only a speaker with "mode: passive" listens')
  }
  for (const family of familyNames) {
    const given = scenario.local.nextHop[family]
    if (given !== undefined && familyName(given.family) !== family) {
      add(['local', 'nextHop', family], `expected an ${family} address`)
    }
  }
  checkSteps(scenario.steps, ['steps'], scenario, add)
}

/**
 * Reads a scenario.
 * @param file its name, for complaints
 * @throws ScenarioError with every mistake: line, column, key, and what was expected
 */
export function parseScenario(text: string, file: string): Scenario {
  const document = readDocument(text)
  const report = createReport(document, text, file)
  const failed = () => new ScenarioError(report.problems(), text)
  if (document.problems.length > 0) throw failed()
  const result = scenarioSchema.safeParse(document.value)
  if (!result.success) {
    for (const issue of result.error.issues) reportIssue(issue, document, report)
    throw failed()
  }
  const { local, mode, ...rest } = result.data
  const { routerId } = local
  const scenario: Scenario = {
    ...rest,
    local: {
      ...local,
      routerId: parseAddress(routerId).w0 >>> 0,
      nextHop: { ...local.nextHop, ipv4: local.nextHop.ipv4 ?? parseAddress(routerId) },
    },
  }
  checkScenario(scenario, mode, (path, message) => report.add(path, message))
  if (report.problems().length > 0) throw failed()
  return scenario
}

/**
 * Reads a scenario file.
 * @throws ScenarioError; a system error when the file cannot be read
 */
export function loadScenario(file: string): Scenario {
  return parseScenario(readFileSync(file, 'utf8'), file)
}
