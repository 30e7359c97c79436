import { type CircuitJson, type CircuitPeeringJson, paths } from '../data/api.ts'
import { useResource } from '../data/resource.ts'
import { registryLook } from '../logic/states.ts'
import { grouped } from '../logic/words.ts'
import { Badge } from '../parts/badge.tsx'
import { Card, Empty, Failure, Loading, Sideways } from '../parts/card.tsx'
import { Findings } from '../parts/finding.tsx'
import { RegistryFailure } from '../parts/no-registry.tsx'
import { SessionTable } from '../parts/session-table.tsx'
import { Facts, Moment, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'

function About({ circuit }: { circuit: CircuitJson }) {
  const shown = circuit.properties
  return (
    <Facts
      rows={[
        ['Provider', shown.serviceProviderName],
        ['Location', shown.peeringLocation],
        ['Bandwidth', `${grouped(shown.bandwidthInMbps)} Mbit/s`],
        ['SKU', `${shown.skuTier}, ${shown.skuFamily}`],
        [
          'Circuit',
          <Badge
            look={registryLook(shown.circuitProvisioningState)}
            text={shown.circuitProvisioningState}
          />,
        ],
        [
          'At the provider',
          <Badge
            look={registryLook(shown.serviceProviderProvisioningState)}
            text={shown.serviceProviderProvisioningState}
          />,
        ],
        ['Owner', circuit.owner ?? 'the operator'],
        ['Created', <Moment time={circuit.createdAt} />],
        ['Description', shown.description],
      ]}
    />
  )
}

function Sessions({ peering }: { peering: CircuitPeeringJson }) {
  const rows = peering.properties.sessions.map(({ link, family, prefixes, ...session }) => ({
    ...session,
    title: `${link} ${family}`,
    last: grouped(prefixes),
  }))
  return (
    <SessionTable label={`Sessions of ${peering.id}`} first="Link" last="Prefixes" rows={rows} />
  )
}

function Advertised({ peering }: { peering: CircuitPeeringJson }) {
  const { advertisedPublicPrefixProperties: prefixes } = peering.properties
  if (prefixes.length === 0) return null
  return (
    <Sideways label={`Advertised prefixes of ${peering.id}`}>
      <table class="registered">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Prefix</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {prefixes.map(({ prefix, validationState, message }) => (
            <tr key={prefix}>
              <td>
                <Badge look={registryLook(validationState)} text={validationState} />
              </td>
              <td class="code">{prefix}</td>
              <td>{message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sideways>
  )
}

function Peering({ peering }: { peering: CircuitPeeringJson }) {
  const shown = peering.properties
  return (
    <Card
      title={shown.peeringType}
      aside={<Badge look={registryLook(shown.state)} text={shown.state} />}
    >
      <Findings
        findings={shown.findings.map(({ prefixes, count, ...finding }) => ({
          ...finding,
          evidence: count === 0 ? {} : { routes: prefixes, count },
        }))}
      />
      <Sessions peering={peering} />
      <Facts
        rows={[
          ['Peer', `AS${shown.peerASN}`],
          ['VLAN', `${shown.vlanId}`],
          ['TCP MD5', shown.md5Authentication ? 'with a key' : 'none'],
          ['Prefix limit', grouped(shown.prefixLimit)],
        ]}
      />
      <Advertised peering={peering} />
    </Card>
  )
}

function Links({ name }: { name: string }) {
  const { data, failure } = useResource(paths.circuitLinks(name))
  if (data === undefined) return failure === undefined ? <Loading /> : <Failure failure={failure} />
  if (data.items.length === 0) return <Empty>It is linked to no virtual network.</Empty>
  return (
    <>
      {data.items.map(({ id, properties: { virtualNetwork, circuitConnectionStatus: state } }) => (
        <p key={id}>
          <To view="networks" name={virtualNetwork}>
            {virtualNetwork}
          </To>{' '}
          <Badge look={registryLook(state)} text={state} />
        </p>
      ))}
    </>
  )
}

/** One circuit: its peerings with their sessions and prefixes, and the networks that it is linked to. */
export function CircuitView({ name }: { name: string }) {
  const circuit = useResource(paths.circuit(name))
  const peerings = useResource(paths.circuitPeerings(name))
  if (circuit.data === undefined || circuit.failure?.status === 404) {
    return (
      <>
        <Title text={name} />
        <RegistryFailure failure={circuit.failure} />
        {circuit.failure === undefined ? <Loading /> : <To view="circuits">All circuits</To>}
      </>
    )
  }
  return (
    <>
      <div class="view-head">
        <Title text={name}>
          {name} <span class="code">{circuit.data.properties.peeringLocation}</span>
        </Title>
      </div>
      <Failure failure={circuit.failure ?? peerings.failure} />
      <div class="two">
        <div>
          {peerings.data === undefined ? <Loading /> : null}
          {peerings.data?.items.map((peering) => (
            <Peering key={peering.id} peering={peering} />
          ))}
          {peerings.data?.items.length === 0 ? (
            <Card title="Peerings">
              <Empty>No peering is configured.</Empty>
            </Card>
          ) : null}
        </div>
        <div>
          <Card title="Circuit">
            <About circuit={circuit.data} />
          </Card>
          <Card title="Virtual networks">
            <Links name={name} />
          </Card>
        </div>
      </div>
    </>
  )
}
