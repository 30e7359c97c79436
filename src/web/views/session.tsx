import { useState } from 'preact/hooks'
import type { SessionJson } from '../../api/session-schemas.ts'
import { familyNames } from '../../prefix/prefix.ts'
import { type ApiFailure, paths } from '../data/api.ts'
import { now } from '../data/clock.ts'
import { useResource } from '../data/resource.ts'
import type { Query } from '../logic/route.ts'
import { sessionLooks, sessionStates } from '../logic/states.ts'
import { counted, grouped, secondsUntil } from '../logic/words.ts'
import { SessionBadge } from '../parts/badge.tsx'
import { Card, Empty, Failure, Loading } from '../parts/card.tsx'
import { EventList } from '../parts/event-list.tsx'
import { Findings } from '../parts/finding.tsx'
import { Icon } from '../parts/icon.tsx'
import { LookingGlass } from '../parts/looking-glass.tsx'
import { LimitMeter } from '../parts/meter.tsx'
import { Ago, Facts, Moment, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

/** The states of RFC 4271 §8.2.2 in a row, the present one marked. */
function Machine({ session }: { session: SessionJson }) {
  return (
    <ol class="machine" aria-label="State of the session">
      {sessionStates.map((state) => {
        const here = state === session.state
        return (
          <li
            key={state}
            data-tone={here ? sessionLooks[state].tone : 'none'}
            {...(here && { 'aria-current': 'step' as const })}
          >
            {here ? <Icon shape={sessionLooks[state].shape} /> : null}
            {state}
          </li>
        )
      })}
    </ol>
  )
}

/** When the hold timer would end the session, did nothing come any more. */
function holdLeft({ holdTime, lastMessageAt, up }: SessionJson, at: number): string | null {
  if (!up || !holdTime || lastMessageAt === null) return null
  const end = new Date(Date.parse(lastMessageAt) + holdTime * 1000).toISOString()
  return `ends the session in ${secondsUntil(end, at)} s, should nothing come`
}

function Timers({ session }: { session: SessionJson }) {
  const { holdTime, configuredHoldTime, keepaliveTime, lastMessageAt, nextTryAt } = session
  const wait = nextTryAt === null ? 0 : secondsUntil(nextTryAt, now.value)
  return (
    <Facts
      rows={[
        [
          'Next try',
          session.up ? null : wait > 0 ? <strong>in {wait} s</strong> : waitsFor(session),
        ],
        [
          'Last message',
          lastMessageAt === null ? (
            'none yet'
          ) : (
            <>
              <Ago time={lastMessageAt} /> ago
            </>
          ),
        ],
        [
          'Hold time',
          holdTime === null
            ? `${configuredHoldTime} s proposed`
            : holdTime === 0
              ? 'no hold timer'
              : `${holdTime} s (${configuredHoldTime} s proposed)`,
        ],
        ['Hold timer', holdLeft(session, now.value)],
        [
          'Keepalive',
          keepaliveTime === null
            ? null
            : keepaliveTime === 0
              ? 'none are sent'
              : `every ${keepaliveTime} s`,
        ],
        [
          'Established',
          session.establishedAt === null ? 'never yet' : <Moment time={session.establishedAt} />,
        ],
        ['Flaps', grouped(session.flaps)],
      ]}
    />
  )
}

function waitsFor({ shutdown, passive }: SessionJson): string {
  if (shutdown) return 'not before it is started again'
  return passive ? 'when the peer opens (passive)' : 'now'
}

/** Why it is down, or was: the last error, and the last NOTIFICATION in words. */
function Trouble({ session }: { session: SessionJson }) {
  const { lastError, lastNotification, notifications } = session
  if (lastError === null && lastNotification === null && notifications.length === 0) {
    return <Empty>No error and no NOTIFICATION so far.</Empty>
  }
  const saidTwice = lastError === null || lastError.includes(lastNotification?.text ?? '\n')
  return (
    <>
      {saidTwice ? null : session.up ? (
        <p>
          <span class="faint">Before it was Established:</span> {lastError}
        </p>
      ) : (
        <p class="message">{lastError}</p>
      )}
      {lastNotification === null ? null : (
        <div class="notification">
          <p>
            {lastNotification.direction === 'received' ? 'The peer sent' : 'We sent'}{' '}
            <strong>{lastNotification.text}</strong>{' '}
            <span class="faint">
              (NOTIFICATION {lastNotification.code}/{lastNotification.subcode}),{' '}
              <Ago time={lastNotification.time} /> ago
            </span>
          </p>
          {lastNotification.communication === null ? null : (
            <blockquote>{lastNotification.communication}</blockquote>
          )}
          {lastNotification.communication !== null || lastNotification.data === '' ? null : (
            <p class="faint">
              Data: <span class="code">{lastNotification.data}</span>
            </p>
          )}
        </div>
      )}
      {notifications.length === 0 ? null : (
        <ul class="counts">
          {notifications.map((each) => (
            <li key={`${each.direction} ${each.code} ${each.subcode}`}>
              <b>{grouped(each.count)}</b> {each.direction}: {each.text}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

const familyTitles = { ipv4: 'IPv4', ipv6: 'IPv6' } as const

/** The families in use; those of the configuration where they differ. */
function familiesText({ families, negotiatedFamilies }: SessionJson): string {
  const named = (names: SessionJson['families']) =>
    names.map((name) => familyTitles[name]).join(', ')
  if (negotiatedFamilies === null) return `${named(families)} configured`
  const used = named(negotiatedFamilies) || 'none in common'
  return used === named(families) ? used : `${used} (${named(families)} configured)`
}

/** @returns for instance `4 verified, 2 failed`; counts of 0 are left out */
function countsText(counts: Readonly<Record<string, number>>): string {
  const said = Object.entries(counts).flatMap(([name, count]) =>
    count > 0 ? [`${grouped(count)} ${name}`] : [],
  )
  return said.join(', ') || 'none'
}

function Negotiated({ session }: { session: SessionJson }) {
  const { capabilities } = session
  return (
    <>
      <Facts
        rows={[
          ['Peer', `${session.remoteAddress}, AS${session.remoteAsn}`],
          ['Its router ID', session.remoteRouterId],
          [
            'We are',
            `${session.localAddress ?? 'any address'}, AS${session.localAsn}, ${session.routerId}`,
          ],
          ['Connection', session.passive ? 'passive: only the peer opens' : 'either side opens'],
          ['Families', familiesText(session)],
          [
            'Message size',
            session.maxMessageLength === null
              ? null
              : `up to ${grouped(session.maxMessageLength)} octets`,
          ],
        ]}
      />
      {capabilities === null ? null : (
        <>
          <h3>Capabilities of the peer</h3>
          <ul class="capabilities">
            {capabilities.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

const messageTitles = {
  open: 'OPEN',
  update: 'UPDATE',
  notification: 'NOTIFICATION',
  keepalive: 'KEEPALIVE',
  routeRefresh: 'ROUTE-REFRESH',
} as const

function Counters({ session }: { session: SessionJson }) {
  const { messages, routes, verdicts, updateErrors } = session
  const kinds = Object.keys(messageTitles) as (keyof typeof messageTitles)[]
  return (
    <>
      <table class="counters">
        <caption class="hidden">Messages</caption>
        <thead>
          <tr>
            <th scope="col">Message</th>
            <th scope="col">Received</th>
            <th scope="col">Sent</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <tr key={kind}>
              <th scope="row">{messageTitles[kind]}</th>
              <td>{grouped(messages.received[kind])}</td>
              <td>{grouped(messages.sent[kind])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Facts
        rows={[
          [
            'Announced',
            `${grouped(routes.announced.ipv4)} IPv4, ${grouped(routes.announced.ipv6)} IPv6`,
          ],
          [
            'Withdrawn',
            `${grouped(routes.withdrawn.ipv4)} IPv4, ${grouped(routes.withdrawn.ipv6)} IPv6`,
          ],
          ['Classed', countsText(verdicts)],
          ['Malformed', countsText(updateErrors)],
        ]}
      />
    </>
  )
}

function Table({ session }: { session: SessionJson }) {
  const { maxPrefixes, prefixes } = session
  return (
    <>
      {maxPrefixes === null ? (
        <Facts
          rows={[
            ['IPv4', counted(prefixes.ipv4, 'route')],
            ['IPv6', counted(prefixes.ipv6, 'route')],
            ['Limit', 'none configured (maxPrefixes)'],
          ]}
        />
      ) : (
        session.families.map((family) => (
          <LimitMeter
            key={family}
            label={familyTitles[family]}
            held={prefixes[family]}
            limit={maxPrefixes}
          />
        ))
      )}
      <p>
        <To view="prefixes" query={{ session: session.name }}>
          Registered prefixes expected here
        </To>
      </p>
    </>
  )
}

function Events({ name }: { name: string }) {
  const [limit, setLimit] = useState(10)
  const { data } = useResource(paths.events({ session: name, limit }))
  if (data === undefined) return <Loading />
  if (data.items.length === 0) return <Empty>Nothing has happened yet.</Empty>
  return (
    <>
      <EventList label={`Events of ${name}, newest first`} events={[...data.items].reverse()} />
      {data.items.length === limit && limit < 1000 ? (
        <button type="button" onClick={() => setLimit(Math.min(1000, limit * 5))}>
          Show more
        </button>
      ) : null}
    </>
  )
}

function Conversation({
  session,
  failure,
}: {
  session: SessionJson
  failure: ApiFailure | undefined
}) {
  const routes = familyNames.reduce((sum, family) => sum + session.prefixes[family], 0)
  return (
    <>
      <div class="view-head">
        <Title text={session.name}>
          {session.name}{' '}
          <span class="code">
            {session.remoteAddress} AS{session.remoteAsn}
          </span>
        </Title>
        <p class="verdict" data-tone={sessionLooks[session.state].tone}>
          <SessionBadge state={session.state} shutdown={session.shutdown} />
          <span>
            for <Ago time={session.since} />
          </span>
        </p>
        {session.description === '' ? null : <p class="faint">{session.description}</p>}
      </div>
      <Failure failure={failure} />
      <Machine session={session} />
      {session.findings.length === 0 ? null : (
        <Card title="What it announces">
          <Findings findings={session.findings} />
        </Card>
      )}
      <div class="cards">
        <div>
          <Card title="Timers">
            <Timers session={session} />
          </Card>
          <Card title="Table" aside={<span class="faint">{counted(routes, 'route')}</span>}>
            <Table session={session} />
          </Card>
        </div>
        <Card title="Negotiated">
          <Negotiated session={session} />
        </Card>
        <div>
          <Card title="Errors">
            <Trouble session={session} />
          </Card>
          <Card title="Counters">
            <Counters session={session} />
          </Card>
        </div>
      </div>
    </>
  )
}

export function SessionView({ name, query }: { name: string; query: Query }) {
  const { data, failure } = useResource(paths.session(name))
  if (failure?.status === 404) {
    return (
      <>
        <Title text={name} />
        <Failure failure={failure} />
        <To view="sessions">All sessions</To>
      </>
    )
  }
  return (
    <>
      {data === undefined ? (
        <>
          <Title text={name} />
          <Failure failure={failure} />
          <Loading />
        </>
      ) : (
        <Conversation session={data} failure={failure} />
      )}
      <Card title="Received routes">
        <LookingGlass session={name} query={query} />
      </Card>
      <Card title="Events">
        <Events name={name} />
      </Card>
    </>
  )
}
