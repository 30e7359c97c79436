/** `bgpwarden explain`: the verdict that an announcement would get. */
import type { ExplainRequestJson, ExplanationJson } from '../api/prefix-schemas.ts'
import { policyText } from '../api/verdict-words.ts'
import { looksLikePrefix, parsePrefix } from '../prefix/text.ts'
import { type AsPathSegment, parseAsPath } from '../wire/as-path.ts'
import { SegmentType } from '../wire/codes.ts'
import { parseCommunity } from '../wire/community-text.ts'
import { type ClientOptions, createApiClient, jsonDocument, withWholeLinks } from './api-client.ts'
import { Exit, UsageError } from './failure.ts'
import { styleFor, type Terminal } from './terminal.ts'
import { cleanText } from './text.ts'
import { keyValues, renderFindings, statePaint } from './verdict-text.ts'

interface ExplainOptions extends ClientOptions {
  readonly asPath: string
  readonly community: readonly string[]
  readonly config?: string
}

/** AS numbers in path order, a nested list for an AS_SET. @throws UsageError */
function hops(segments: readonly AsPathSegment[]): (number | number[])[] {
  return segments.flatMap(({ type, asns }): (number | number[])[] => {
    if (type === SegmentType.asSequence) return [...asns]
    if (type === SegmentType.asSet) return [[...asns]]
    throw new UsageError('confederation segments cannot be explained: leave them out of --as-path')
  })
}

/** Judges by a configuration alone: no daemon, no session. */
async function explainOffline(file: string, request: ExplainRequestJson): Promise<ExplanationJson> {
  const [{ loadConfig }, { createEngine }, { explanationView }] = await Promise.all([
    import('../config/load.ts'),
    import('../engine/engine.ts'),
    import('../api/prefix-view.ts'),
  ])
  const config = await loadConfig(file)
  const now = Date.now()
  const engine = createEngine({ policy: config.policy, now: () => now })
  for (const session of config.sessions) engine.addSession(session, now)
  for (const prefix of config.prefixes) engine.register(prefix, now)
  const named = config.prefixes.find(({ name }) => name === request.prefix)
  const explanation = engine.view.explain({
    ...(named === undefined
      ? { prefix: parsePrefix(request.prefix) }
      : { prefix: named.prefix, name: named.name }),
    asPath: hops(parseAsPath(String(request.asPath))),
    communities: request.communities ?? [],
  })
  return explanationView(explanation)
}

/** The answer as a page. */
export function renderExplanation(
  explanation: ExplanationJson,
  screen: Pick<Terminal, 'columns' | 'color'>,
  now: number,
): string {
  const style = styleFor(screen.color)
  const { prefix, state, registration, findings } = explanation
  const verdict = registration === null ? explanation.class : state
  const judged =
    registration === null
      ? 'no registered prefix covers it'
      : `${registration.name} ${registration.prefix}`
  const wellDone =
    findings.length === 0 && registration !== null ? '\nNothing is wrong with it.\n' : ''
  return [
    `${style.bold(cleanText(prefix))}  would be ${statePaint(style, verdict)(verdict)}\n`,
    keyValues(
      [
        ['registered', judged],
        ['policy', policyText(explanation.policy)],
      ],
      screen,
    ),
    renderFindings(findings, screen, now),
    wellDone,
  ].join('')
}

/**
 * Prints which verdict an announcement would get, from a daemon or with `config` from a file.
 * @param prefix a prefix, or the name of a registered one
 * @returns 1 when it would fail
 */
export async function explain(
  prefix: string,
  { api, tokenFile, json, asPath, community, config }: ExplainOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  if (config === undefined && looksLikePrefix(prefix)) parsePrefix(prefix)
  parseAsPath(asPath)
  community.forEach(parseCommunity)
  const request: ExplainRequestJson = { prefix, asPath, communities: [...community] }
  const explanation =
    config === undefined
      ? await createApiClient({ api, tokenFile }).post<ExplanationJson>('explain', request)
      : await explainOffline(config, request)
  const findings =
    config === undefined ? withWholeLinks(explanation.findings, api) : explanation.findings
  terminal.write(
    json
      ? jsonDocument(explanation)
      : renderExplanation({ ...explanation, findings }, terminal, now),
  )
  return explanation.state === 'Failed' || explanation.state === 'Invalid' ? Exit.no : Exit.ok
}
