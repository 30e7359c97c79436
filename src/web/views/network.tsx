import { useState } from 'preact/hooks'
import { type NetworkJson, type NetworkPeeringJson, paths } from '../data/api.ts'
import { useResource } from '../data/resource.ts'
import { registryLook, sessionTextLook } from '../logic/states.ts'
import { grouped } from '../logic/words.ts'
import { Badge } from '../parts/badge.tsx'
import { Card, Empty, Failure, Loading, Sideways } from '../parts/card.tsx'
import { Findings } from '../parts/finding.tsx'
import { RegistryFailure } from '../parts/no-registry.tsx'
import { Facts, Moment, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

function About({ network }: { network: NetworkJson }) {
  const { addressSpace, location, cloud, resourceGroup, gateway, forwardsTraffic, description } =
    network.properties
  return (
    <Facts
      rows={[
        ['Address space', <span class="code">{addressSpace.join(', ')}</span>],
        ['Region', `${location}, ${cloud}`],
        ['Resource group', resourceGroup],
        ['Gateway', gateway],
        ['Appliance', forwardsTraffic ? 'forwards between its peers' : 'none that forwards'],
        ['Owner', network.owner ?? 'the operator'],
        ['Created', <Moment time={network.createdAt} />],
        ['Description', description],
      ]}
    />
  )
}

function Session({ network: { bgpSession, announced } }: { network: NetworkJson['properties'] }) {
  if (bgpSession === undefined) return <Empty>The network has no BGP session.</Empty>
  const { name, state, peerAddress, peerAsn, md5Authentication } = bgpSession
  return (
    <Facts
      rows={[
        ['State', <Badge look={sessionTextLook(state)} text={state} />],
        [
          'Session',
          <To view="sessions" name={name}>
            {name}
          </To>,
        ],
        ['Peer', `${peerAddress}, AS${peerAsn}`],
        ['TCP MD5', md5Authentication ? 'with a key' : 'none'],
        ['Announces', `${grouped(announced)} prefixes`],
      ]}
    />
  )
}

/** What a side of a peering allows, in words. */
function flagsOf({ properties: p }: NetworkPeeringJson): string {
  const words = [
    p.allowVirtualNetworkAccess ? 'access' : 'no access',
    p.allowForwardedTraffic && 'forwarded traffic',
    p.allowGatewayTransit && 'lends its gateway',
    p.useRemoteGateways && 'uses the remote gateway',
  ]
  return words.filter(Boolean).join(', ')
}

function Peerings({ name }: { name: string }) {
  const { data, failure } = useResource(paths.networkPeerings(name))
  if (data === undefined) return failure === undefined ? <Loading /> : <Failure failure={failure} />
  if (data.items.length === 0) return <Empty>The network has no peering.</Empty>
  return (
    <Sideways label="Peerings, their states and what they allow">
      <table class="sessions-of">
        <thead>
          <tr>
            <th scope="col">Peering</th>
            <th scope="col">State</th>
            <th scope="col">Sync</th>
            <th scope="col">With</th>
            <th scope="col">Allows</th>
          </tr>
        </thead>
        <tbody>
          {data.items.map((peering) => {
            const { peeringState, peeringSyncLevel, remoteVirtualNetwork } = peering.properties
            return (
              <tr key={peering.id}>
                <th scope="row">{peering.name}</th>
                <td>
                  <Badge look={registryLook(peeringState)} text={peeringState} />
                </td>
                <td>
                  <Badge look={registryLook(peeringSyncLevel)} text={peeringSyncLevel} />
                </td>
                <td>
                  <To view="networks" name={remoteVirtualNetwork}>
                    {remoteVirtualNetwork}
                  </To>
                </td>
                <td>{flagsOf(peering)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Sideways>
  )
}

function Answer({ from, to }: { from: string; to: string }) {
  const { data, failure } = useResource(paths.reachability(from, to))
  if (data === undefined) return failure === undefined ? <Loading /> : <Failure failure={failure} />
  return (
    <>
      <p class="message">{data.message}</p>
      {data.obstacles.length === 0 ? null : (
        <ul>
          {data.obstacles.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
    </>
  )
}

/** Which other network is reached, through what, and if not, why not. */
function Reachability({ name }: { name: string }) {
  const { data } = useResource(paths.networks())
  const [to, setTo] = useState('')
  const others = data?.items.filter((each) => each.name !== name) ?? []
  if (others.length === 0) return <Empty>There is no other network.</Empty>
  return (
    <>
      <label>
        Does it reach{' '}
        <select value={to} onChange={(event) => setTo(event.currentTarget.value)}>
          <option value="">choose a network</option>
          {others.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      {to === '' ? null : <Answer key={to} from={name} to={to} />}
    </>
  )
}

/** One virtual network: its peerings, what its session announces, and whom it reaches. */
export function NetworkView({ name }: { name: string }) {
  const { data, failure } = useResource(paths.network(name))
  if (data === undefined || failure?.status === 404) {
    return (
      <>
        <Title text={name} />
        <RegistryFailure failure={failure} />
        {failure === undefined ? <Loading /> : <To view="networks">All networks</To>}
      </>
    )
  }
  const { findings, location } = data.properties
  return (
    <>
      <div class="view-head">
        <Title text={name}>
          {name} <span class="code">{location}</span>
        </Title>
      </div>
      <Failure failure={failure} />
      {findings.length === 0 ? null : (
        <Card title="What it announces">
          <Findings
            findings={findings.map(({ prefixes, count, ...finding }) => ({
              ...finding,
              evidence: { routes: prefixes, count },
            }))}
          />
        </Card>
      )}
      <div class="two">
        <div>
          <Card title="Peerings">
            <Peerings name={name} />
          </Card>
          <Card title="Reachability">
            <Reachability name={name} />
          </Card>
        </div>
        <div>
          <Card title="Network">
            <About network={data} />
          </Card>
          <Card title="Session">
            <Session network={data.properties} />
          </Card>
        </div>
      </div>
    </>
  )
}
