import {
  type ConnectionJson,
  type PeeringJson,
  paths,
  type RegisteredPrefixJson,
} from '../data/api.ts'
import { useResource } from '../data/resource.ts'
import { connectionLooks, validationLook } from '../logic/states.ts'
import { counted, grouped } from '../logic/words.ts'
import { Badge } from '../parts/badge.tsx'
import { Card, Empty, Failure, Loading, Sideways } from '../parts/card.tsx'
import { RegistryFailure } from '../parts/no-registry.tsx'
import { SessionTable } from '../parts/session-table.tsx'
import { Ago, Facts, Moment, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

function Agreement({ peering }: { peering: PeeringJson }) {
  const { kind, directPeeringType, sku, peeringLocation, peerAsn, asn, description } =
    peering.properties
  return (
    <Facts
      rows={[
        ['Kind', directPeeringType === undefined ? kind : `${kind}, ${directPeeringType}`],
        ['Location', peeringLocation],
        ['Peer', asn === null ? peerAsn : `${peerAsn}, AS${asn}`],
        ['SKU', <span class="code">{sku}</span>],
        ['Owner', peering.owner ?? 'the operator'],
        ['Created', <Moment time={peering.createdAt} />],
        ['Description', description],
      ]}
    />
  )
}

/** The sessions of a connection: what BGP says, and whether their routes count. */
function Sessions({ connection }: { connection: ConnectionJson }) {
  const rows = connection.properties.sessions.map(({ counts, ...session }) => ({
    ...session,
    last: counts ? 'count for verdicts' : 'do not count yet',
  }))
  return (
    <SessionTable
      label={`Sessions of ${connection.id}`}
      first="Session"
      last="Routes"
      rows={rows}
    />
  )
}

function Connection({ connection }: { connection: ConnectionJson }) {
  const shown = connection.properties
  const look = connectionLooks[shown.connectionState]
  const limits = `${grouped(shown.maxPrefixesAdvertisedV4)} IPv4, ${grouped(shown.maxPrefixesAdvertisedV6)} IPv6`
  const { bandwidthInMbps } = shown
  return (
    <Card
      title={connection.name}
      aside={
        <span>
          <Badge look={look} text={shown.connectionState} />{' '}
          <span class="faint">
            for <Ago time={shown.stateSince} />
          </span>
        </span>
      }
    >
      {shown.errorMessage === '' ? null : <p class="message">{shown.errorMessage}</p>}
      <Sessions connection={connection} />
      <Facts
        rows={[
          ['Prefix limit', limits],
          ['Peering Service', shown.useForPeeringService ? 'uses it' : 'does not use it'],
          ['TCP MD5', shown.md5Authentication ? 'with a key' : 'none'],
          [
            'Bandwidth',
            bandwidthInMbps === undefined ? null : `${grouped(bandwidthInMbps)} Mbit/s`,
          ],
        ]}
      />
    </Card>
  )
}

function Registered({ prefixes }: { prefixes: readonly RegisteredPrefixJson[] }) {
  return (
    <table class="registered">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Name</th>
          <th scope="col">Prefix</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {prefixes.map(({ id, name, properties }) => (
          <tr key={id}>
            <td>
              <Badge
                look={validationLook(properties.prefixValidationState)}
                text={properties.prefixValidationState}
              />
            </td>
            <td>
              <To view="prefixes" name={id}>
                {name}
              </To>
            </td>
            <td class="code">{properties.prefix}</td>
            <td>{properties.errorMessage}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function RegisteredPrefixes({ peering }: { peering: string }) {
  const { data, failure } = useResource(paths.registeredPrefixes(peering))
  const aside =
    data === undefined ? null : (
      <To view="prefixes" query={{ peering }}>
        {counted(data.total, 'prefix', 'prefixes')}
      </To>
    )
  return (
    <Card title="Registered prefixes" aside={aside}>
      <Failure failure={failure} />
      {data === undefined ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty>No prefix is registered.</Empty>
      ) : (
        <Sideways label="Prefixes, their states and why">
          <Registered prefixes={data.items} />
        </Sideways>
      )}
      {data !== undefined && data.total > data.items.length ? (
        <p class="faint">and {grouped(data.total - data.items.length)} more</p>
      ) : null}
    </Card>
  )
}

/** One peering: what was agreed, its connections with their sessions, and what is registered under it. */
export function PeeringView({ name }: { name: string }) {
  const peering = useResource(paths.peering(name))
  const connections = useResource(paths.connections(name))
  if (peering.data === undefined || peering.failure?.status === 404) {
    return (
      <>
        <Title text={name} />
        <RegistryFailure failure={peering.failure} />
        {peering.failure === undefined ? <Loading /> : <To view="peerings">All peerings</To>}
      </>
    )
  }
  const { peeringLocation } = peering.data.properties
  const failure = peering.failure ?? connections.failure
  return (
    <>
      <div class="view-head">
        <Title text={name}>
          {name} <span class="code">{peeringLocation}</span>
        </Title>
      </div>
      <Failure failure={failure} />
      <div class="two">
        <div>
          {connections.data === undefined ? <Loading /> : null}
          {connections.data?.items.map((connection) => (
            <Connection key={connection.id} connection={connection} />
          ))}
          {connections.data?.items.length === 0 ? (
            <Card title="Connections">
              <Empty>The peering has no connection.</Empty>
            </Card>
          ) : null}
        </div>
        <Card title="Peering">
          <Agreement peering={peering.data} />
        </Card>
      </div>
      <RegisteredPrefixes peering={name} />
    </>
  )
}
