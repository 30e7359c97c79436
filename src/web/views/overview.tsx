import type { ComponentChildren } from 'preact'
import type { OverviewJson } from '../../api/status-schemas.ts'
import { paths } from '../data/api.ts'
import { useResource } from '../data/resource.ts'
import { prefixLooks, prefixStates, sessionLooks, sessionStates } from '../logic/states.ts'
import { counted, grouped } from '../logic/words.ts'
import { PrefixBadge, SessionBadge } from '../parts/badge.tsx'
import { Card, Empty, Failure, Loading } from '../parts/card.tsx'
import { Icon } from '../parts/icon.tsx'
import { type Share, ShareBar } from '../parts/share-bar.tsx'
import { Ago, Moment, ReasonLink, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

/** Changes of the last hour named one by one. */
const CHANGES_SHOWN = 8

/** The answer to "how is it", in one sentence. */
function Headline({ prefixes, sessions }: OverviewJson) {
  const { Failed, Invalid, Warning } = prefixes.byState
  const failing = Failed + Invalid
  const down = sessions.total - sessions.up
  const look =
    failing > 0
      ? prefixLooks.Failed
      : Warning > 0 || down > 0
        ? prefixLooks.Warning
        : prefixLooks.Verified
  const verdict =
    prefixes.total === 0
      ? 'No prefix is registered'
      : failing > 0
        ? `${grouped(failing)} of ${counted(prefixes.total, 'prefix', 'prefixes')} ${failing === 1 ? 'fails' : 'fail'}`
        : Warning > 0
          ? `No prefix fails, ${grouped(Warning)} ${Warning === 1 ? 'has' : 'have'} warnings`
          : 'No prefix fails'
  const bgp =
    sessions.total === 0
      ? 'No session is configured.'
      : down === 0
        ? `All ${counted(sessions.total, 'session')} Established.`
        : `${counted(down, 'session')} of ${grouped(sessions.total)} not Established.`
  return (
    <div class="headline" data-tone={look.tone}>
      <Icon shape={look.shape} />
      <div>
        <p>{verdict}</p>
        <p class="faint">{bgp}</p>
      </div>
    </div>
  )
}

function prefixShares({ prefixes }: OverviewJson): Share[] {
  return prefixStates.map((state) => ({
    label: state,
    count: prefixes.byState[state],
    look: prefixLooks[state],
    link: (children: ComponentChildren) => (
      <To view="prefixes" query={{ state }}>
        {children}
      </To>
    ),
  }))
}

function sessionShares({ sessions }: OverviewJson): Share[] {
  return sessionStates.map((state) => ({
    label: state,
    count: sessions.byState.find((each) => each.state === state)?.sessions ?? 0,
    look: sessionLooks[state],
    link: (children: ComponentChildren) => (
      <To view="sessions" query={{ state }}>
        {children}
      </To>
    ),
  }))
}

function Failing({ failing }: { failing: OverviewJson['failing'] }) {
  if (failing.length === 0) return <Empty>Nothing fails, nothing is warned of.</Empty>
  return (
    <ul class="failing">
      {failing.map(({ name, prefix, state, since, finding, others, errorMessage }) => (
        <li key={name} data-tone={prefixLooks[state].tone}>
          <div class="failing-head">
            <PrefixBadge state={state} />
            <To view="prefixes" name={name} class="strong">
              {name} <span class="code">{prefix}</span>
            </To>
            {finding === null ? null : <ReasonLink reason={finding.reason} />}
            {finding?.session ? (
              <span>
                on{' '}
                <To view="sessions" name={finding.session}>
                  {finding.session}
                </To>
              </span>
            ) : null}
            <span class="faint">
              for <Ago time={since} />
            </span>
          </div>
          <p>{errorMessage}</p>
          {finding === null ? null : (
            <p class="action">
              <strong>Do:</strong> {finding.action}
            </p>
          )}
          {others > 0 ? (
            <p class="faint">
              <To view="prefixes" name={name}>
                and {counted(others, 'more finding')}
              </To>
            </p>
          ) : null}
        </li>
      ))}
    </ul>
  )
}

function Reasons({ byReason }: { byReason: OverviewJson['prefixes']['byReason'] }) {
  const most = byReason[0]?.prefixes ?? 1
  if (byReason.length === 0) return <Empty>No finding is open.</Empty>
  return (
    <ul class="reasons">
      {byReason.map(({ reason, prefixes }) => (
        <li key={reason}>
          <To view="prefixes" query={{ reason }}>
            {reason}
          </To>
          <span class="reason-bar" aria-hidden="true">
            <span style={{ width: `${(prefixes / most) * 100}%` }} />
          </span>
          <b>{grouped(prefixes)}</b>
        </li>
      ))}
    </ul>
  )
}

/** Twelve times five minutes: what became worse above the line, better below. */
function Hour({ intervals }: { intervals: OverviewJson['recent']['intervals'] }) {
  const most = Math.max(
    1,
    ...intervals.flatMap(({ worse, better, down }) => [worse + down, better]),
  )
  const sum = (pick: (interval: (typeof intervals)[number]) => number) =>
    intervals.reduce((total, interval) => total + pick(interval), 0)
  const worse = sum((each) => each.worse)
  const better = sum((each) => each.better)
  const down = sum((each) => each.down)
  const height = (count: number) => (count === 0 ? 0 : Math.max(3, (count / most) * 30))
  return (
    <figure class="hour">
      <svg viewBox="0 0 240 66" preserveAspectRatio="none" aria-hidden="true">
        {intervals.map((each, i) => {
          const up = height(each.worse + each.down)
          return (
            <g key={each.time} transform={`translate(${i * 20 + 2} 0)`}>
              <rect data-tone="bad" width="16" y={32 - up} height={up} />
              <rect data-tone="good" width="16" y="34" height={height(each.better)} />
            </g>
          )
        })}
        <path class="axis" d="M0 33h240" />
      </svg>
      <figcaption>
        <span data-tone="bad">
          <Icon shape="cross" /> {counted(worse, 'change')} for the worse
        </span>
        <span data-tone="good">
          <Icon shape="check" /> {counted(better, 'change')} for the better
        </span>
        <span data-tone={down > 0 ? 'bad' : 'idle'}>
          <Icon shape={down > 0 ? 'cross' : 'dash'} />{' '}
          {counted(down, 'session loss', 'session losses')}
        </span>
      </figcaption>
    </figure>
  )
}

/** @returns for instance `, lost twice`; nothing when it was not */
function lostWords(downs: number): string {
  if (downs === 0) return ''
  return `, lost ${downs === 1 ? 'once' : downs === 2 ? 'twice' : counted(downs, 'time')}`
}

function Recent({ recent }: { recent: OverviewJson['recent'] }) {
  const prefixes = recent.prefixes.map((change) => ({ ...change, session: null }))
  const changes = [...prefixes, ...recent.sessions]
    .sort((a, b) => (a.time < b.time ? 1 : -1))
    .slice(0, CHANGES_SHOWN)
  return (
    <>
      <Hour intervals={recent.intervals} />
      <ul class="changes">
        {changes.map((change) =>
          change.session === null ? (
            <li key={`p ${change.name}`}>
              <Moment time={change.time} />
              <span>
                <To view="prefixes" name={change.name}>
                  {change.name}
                </To>
                <span class="under">
                  {change.from === null ? 'new' : `was ${change.from}`}
                  {change.changes > 2 ? `, ${change.changes} changes` : ''}
                </span>
              </span>
              <PrefixBadge state={change.to} />
            </li>
          ) : (
            <li key={`s ${change.session}`}>
              <Moment time={change.time} />
              <span>
                <To view="sessions" name={change.session}>
                  {change.session}
                </To>
                <span class="under">session{lostWords(change.downs)}</span>
              </span>
              <SessionBadge state={change.to} />
            </li>
          ),
        )}
      </ul>
      {changes.length === 0 ? (
        <Empty>Nothing has changed.</Empty>
      ) : (
        <To view="events">All events</To>
      )}
    </>
  )
}

export function Overview() {
  const { data, failure } = useResource(paths.overview())
  return (
    <>
      <Title text="Overview" />
      <Failure failure={failure} />
      {data === undefined ? (
        <Loading />
      ) : (
        <div class="overview">
          <Headline {...data} />
          <Card
            title="Prefixes"
            aside={<To view="prefixes">{counted(data.prefixes.total, 'prefix', 'prefixes')}</To>}
          >
            <ShareBar shares={prefixShares(data)} />
          </Card>
          <Card
            title="Sessions"
            aside={<To view="sessions">{counted(data.sessions.total, 'session')}</To>}
          >
            <ShareBar shares={sessionShares(data)} />
          </Card>
          <Card title="Needs attention" wide aside={<span class="faint">the latest first</span>}>
            <Failing failing={data.failing} />
          </Card>
          <div class="beside">
            <Card title="Why">
              <Reasons byReason={data.prefixes.byReason} />
            </Card>
            <Card
              title="Last hour"
              aside={
                <span class="faint">
                  since <Moment time={data.recent.since} />
                </span>
              }
            >
              <Recent recent={data.recent} />
            </Card>
          </div>
        </div>
      )}
    </>
  )
}
