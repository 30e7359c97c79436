import type { PrefixJson } from '../../api/prefix-schemas.ts'
import { policyText } from '../../api/verdict-words.ts'
import { type ApiFailure, paths } from '../data/api.ts'
import { useResource } from '../data/resource.ts'
import { sortFindings } from '../logic/matrix.ts'
import { prefixLooks } from '../logic/states.ts'
import { counted } from '../logic/words.ts'
import { PrefixBadge } from '../parts/badge.tsx'
import { Card, Empty, Failure, Loading } from '../parts/card.tsx'
import { Findings } from '../parts/finding.tsx'
import { History } from '../parts/history.tsx'
import { Matrix } from '../parts/matrix.tsx'
import { RoutesTable } from '../parts/routes.tsx'
import { Ago, Facts, Moment, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

function findingId(place: number): string {
  return `finding-${place}`
}

function openFinding(place: number): void {
  const element = document.getElementById(findingId(place))
  element?.scrollIntoView({ block: 'center' })
  element?.focus()
}

/** What was registered. */
function Registration({ prefix }: { prefix: PrefixJson }) {
  const { originAsns, owner, policy, sessions } = prefix
  return (
    <Facts
      rows={[
        ['Owner', owner ?? 'none'],
        [
          'Origin',
          originAsns.length === 0 ? 'any AS' : originAsns.map((asn) => `AS${asn}`).join(', '),
        ],
        ['Policy', policyText(policy)],
        ['Expected on', counted(sessions.length, 'session')],
      ]}
    />
  )
}

/** The route as it arrived on the first session that has it, put into the form for what-if. */
function whatIf({ prefix, sessions }: PrefixJson) {
  const route = sessions.find((row) => row.route !== null)?.route
  const communities = route ? [...route.communities, ...route.largeCommunities].join(' ') : ''
  return { prefix, asPath: route?.asPath, communities }
}

function Verdict({ prefix, failure }: { prefix: PrefixJson; failure: ApiFailure | undefined }) {
  // Findings move when one opens or closes: the matrix and the list speak of the same order.
  const findings = sortFindings(prefix.findings)
  const sorted = { ...prefix, findings }
  const routes = prefix.sessions.flatMap(({ session, route }) =>
    route ? [{ session, route }] : [],
  )
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return (
    <>
      <div class="view-head">
        <Title text={prefix.name}>
          {prefix.name} <span class="code">{prefix.prefix}</span>
        </Title>
        <p class="verdict" data-tone={prefixLooks[prefix.state].tone}>
          <PrefixBadge state={prefix.state} />
          <span>
            for <Ago time={prefix.since} />, since <Moment time={prefix.since} />
          </span>
        </p>
        <To view="explain" query={whatIf(prefix)} class="button">
          What if…
        </To>
      </div>
      <Failure failure={failure} />
      <Card
        title="Findings"
        aside={
          <span class="faint">
            {findings.length === 0
              ? 'none'
              : `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`}
          </span>
        }
      >
        {findings.length > 0 ? (
          <Findings findings={findings} idOf={findingId} />
        ) : (
          <Empty>{prefix.errorMessage || quiet(prefix)}</Empty>
        )}
      </Card>
      {prefix.sessions.length === 0 ? null : (
        <Card title="Sessions and checks">
          <Matrix prefix={sorted} onOpen={openFinding} />
        </Card>
      )}
      {routes.length === 0 ? null : (
        <Card title="As received">
          <RoutesTable
            label="The prefix, as received on each session"
            routes={routes.slice(0, 50)}
          />
          {routes.length > 50 ? (
            <p class="faint">and on {routes.length - 50} more sessions</p>
          ) : null}
        </Card>
      )}
      <div class="two">
        <Card title="History">
          <History prefix={prefix} />
        </Card>
        <Card title="Registration">
          <Registration prefix={prefix} />
        </Card>
      </div>
    </>
  )
}

function quiet({ state }: PrefixJson): string {
  if (state === 'Pending')
    return 'No expected session has sent its table yet, so nothing is judged.'
  if (state === 'None') return 'Judging is switched off for this prefix.'
  return 'It arrives as it must on every expected session.'
}

export function PrefixView({ name }: { name: string }) {
  const { data, failure } = useResource(paths.prefix(name))
  if (data !== undefined && failure?.status !== 404)
    return <Verdict prefix={data} failure={failure} />
  return (
    <>
      <Title text={name} />
      <Failure failure={failure} />
      {failure === undefined ? <Loading /> : <To view="prefixes">All prefixes</To>}
    </>
  )
}
