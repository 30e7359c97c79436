import { type CircuitJson, type CircuitPeeringJson, paths } from '../data/api.ts'
import { go } from '../data/place.ts'
import { useResource } from '../data/resource.ts'
import type { Query } from '../logic/route.ts'
import { registryLook, severityLooks } from '../logic/states.ts'
import { counted, grouped } from '../logic/words.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/card.tsx'
import { RegistryFailure } from '../parts/no-registry.tsx'
import { Search } from '../parts/search.tsx'
import { To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'
import { Cell, WindowedTable } from '../parts/windowed.tsx'

const columns = [
  { title: 'State', class: 'state' },
  { title: 'Circuit', class: 'name' },
  { title: 'Provider', class: 'with' },
  { title: 'Peerings, and what is wrong' },
]

/** @returns for instance `MicrosoftPeering 3 of 4 Established` */
function peeringWords({ properties: { peeringType, state, sessions } }: CircuitPeeringJson) {
  if (state === 'Disabled') return `${peeringType} Disabled`
  const up = sessions.filter((session) => session.state === 'Established').length
  return `${peeringType} ${up} of ${sessions.length} Established`
}

/** Where a circuit stands: whether it can be used, and whether its peerings have findings. */
function CircuitBadge({
  circuit,
  peerings,
}: {
  circuit: CircuitJson
  peerings: readonly CircuitPeeringJson[]
}) {
  const { circuitProvisioningState: own, serviceProviderProvisioningState: provider } =
    circuit.properties
  if (own === 'Disabled') return <Badge look={registryLook(own)} text={own} />
  if (provider !== 'Provisioned') return <Badge look={registryLook(provider)} text={provider} />
  const findings = peerings.flatMap(({ properties }) => properties.findings)
  const found = findings.find(({ severity }) => severity === 'error') ?? findings[0]
  if (found === undefined) return <Badge look={registryLook(own)} text={own} />
  return <Badge look={severityLooks[found.severity]} text={counted(findings.length, 'finding')} />
}

function Row({
  circuit,
  peerings,
}: {
  circuit: CircuitJson
  peerings: readonly CircuitPeeringJson[]
}) {
  const { serviceProviderName, peeringLocation, bandwidthInMbps } = circuit.properties
  const wrong = peerings.map(({ properties }) => properties.errorMessage).filter(Boolean)
  return (
    <>
      <Cell class="state">
        <CircuitBadge circuit={circuit} peerings={peerings} />
      </Cell>
      <Cell class="name">
        <To view="circuits" name={circuit.name} class="strong">
          {circuit.name}
        </To>
        <span class="under">{circuit.owner ?? ''}</span>
      </Cell>
      <Cell class="with">
        {serviceProviderName}
        <span class="under">
          {peeringLocation}, {grouped(bandwidthInMbps)} Mbit/s
        </span>
      </Cell>
      <Cell class="why">
        <span class="sentence">
          {[...peerings.map(peeringWords), ...wrong].join('; ') || 'No peering is configured.'}
        </span>
      </Cell>
    </>
  )
}

/** Circuits with the states of their peerings. */
export function Circuits({ query }: { query: Query }) {
  const { data, failure } = useResource(paths.circuits())
  const peerings = useResource(paths.circuitPeerings())
  const search = query['search']?.toLowerCase() ?? ''
  const items = (data?.items ?? []).filter(({ name, owner, properties }) =>
    [name, owner ?? '', properties.serviceProviderName, properties.peeringLocation].some((text) =>
      text.toLowerCase().includes(search),
    ),
  )
  const peeringsOf = (circuit: CircuitJson) =>
    peerings.data?.items.filter(({ id }) => id.startsWith(`${circuit.name}/`)) ?? []
  return (
    <>
      <div class="view-head">
        <Title text="Circuits" />
        <p role="status" class="faint">
          {data === undefined
            ? failure === undefined
              ? 'Reading…'
              : ''
            : counted(data.total, 'circuit')}
        </p>
      </div>
      {data === undefined || data.total === 0 ? null : (
        <search class="filters">
          <Search
            label="Name, owner, provider or location"
            value={query['search'] ?? ''}
            onSearch={(text) => go('circuits', undefined, { ...query, search: text }, true)}
          />
        </search>
      )}
      <RegistryFailure failure={failure ?? peerings.failure} />
      {data === undefined ? null : items.length === 0 ? (
        <Empty>{data.total === 0 ? 'There is no circuit.' : 'No circuit matches.'}</Empty>
      ) : (
        <WindowedTable
          label="Circuits"
          columns={columns}
          items={items}
          keyOf={({ name }) => name}
          row={(circuit) => <Row circuit={circuit} peerings={peeringsOf(circuit)} />}
        />
      )}
    </>
  )
}
