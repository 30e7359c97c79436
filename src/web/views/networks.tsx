import { type NetworkJson, paths } from '../data/api.ts'
import { go } from '../data/place.ts'
import { useResource } from '../data/resource.ts'
import type { Query } from '../logic/route.ts'
import { sessionTextLook, severityLooks } from '../logic/states.ts'
import { counted } from '../logic/words.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/card.tsx'
import { RegistryFailure } from '../parts/no-registry.tsx'
import { Search } from '../parts/search.tsx'
import { To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'
import { Cell, WindowedTable } from '../parts/windowed.tsx'

const columns = [
  { title: 'Session', class: 'state' },
  { title: 'Network', class: 'name' },
  { title: 'Where', class: 'with' },
  { title: 'Address space, and what is wrong' },
]

/** A network's session: that it announces what it must not goes before its state. */
export function NetworkBadge({
  network: { findings, bgpSession },
}: {
  network: NetworkJson['properties']
}) {
  const [found] = findings
  if (found !== undefined) return <Badge look={severityLooks[found.severity]} text="Outside" />
  if (bgpSession === undefined) {
    return <Badge look={{ tone: 'idle', shape: 'dash' }} text="No session" />
  }
  return <Badge look={sessionTextLook(bgpSession.state)} text={bgpSession.state} />
}

function Row({ network }: { network: NetworkJson }) {
  const { location, gateway, addressSpace, peeringCount, findings } = network.properties
  const spaces = addressSpace.join(', ')
  return (
    <>
      <Cell class="state">
        <NetworkBadge network={network.properties} />
      </Cell>
      <Cell class="name">
        <To view="networks" name={network.name} class="strong">
          {network.name}
        </To>
        <span class="under">{network.owner ?? ''}</span>
      </Cell>
      <Cell class="with">
        {location}
        <span class="under">
          {gateway === 'None' ? '' : `${gateway}, `}
          {counted(peeringCount, 'peering')}
        </span>
      </Cell>
      <Cell class="why">
        <span class="sentence">{findings[0]?.message ?? spaces}</span>
      </Cell>
    </>
  )
}

/** Virtual networks: their address spaces, and what their sessions announce outside. */
export function Networks({ query }: { query: Query }) {
  const { data, failure } = useResource(paths.networks())
  const search = query['search']?.toLowerCase() ?? ''
  const items = (data?.items ?? []).filter(({ name, owner, properties }) =>
    [name, owner ?? '', properties.location, ...properties.addressSpace].some((text) =>
      text.toLowerCase().includes(search),
    ),
  )
  return (
    <>
      <div class="view-head">
        <Title text="Networks" />
        <p role="status" class="faint">
          {data === undefined
            ? failure === undefined
              ? 'Reading…'
              : ''
            : counted(data.total, 'virtual network')}
        </p>
      </div>
      {data === undefined || data.total === 0 ? null : (
        <search class="filters">
          <Search
            label="Name, owner, region or prefix"
            value={query['search'] ?? ''}
            onSearch={(text) => go('networks', undefined, { ...query, search: text }, true)}
          />
        </search>
      )}
      <RegistryFailure failure={failure} />
      {data === undefined ? null : items.length === 0 ? (
        <Empty>{data.total === 0 ? 'There is no virtual network.' : 'No network matches.'}</Empty>
      ) : (
        <WindowedTable
          label="Virtual networks"
          columns={columns}
          items={items}
          keyOf={({ name }) => name}
          row={(network) => <Row network={network} />}
        />
      )}
    </>
  )
}
