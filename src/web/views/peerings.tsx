import type { SessionStateText } from '../../peering/kinds/connection-spec.ts'
import { type ConnectionJson, type PeeringJson, paths } from '../data/api.ts'
import { go } from '../data/place.ts'
import { useResource } from '../data/resource.ts'
import type { Query } from '../logic/route.ts'
import { connectionLooks, connectionStates, sessionTextLook } from '../logic/states.ts'
import { counted } from '../logic/words.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/card.tsx'
import { Chips } from '../parts/chips.tsx'
import { Icon } from '../parts/icon.tsx'
import { RegistryFailure } from '../parts/no-registry.tsx'
import { Search } from '../parts/search.tsx'
import { Ago, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'
import { Cell, WindowedTable } from '../parts/windowed.tsx'

const columns = [
  { title: 'Connection state', class: 'state long' },
  { title: 'Connection', class: 'name' },
  { title: 'Peering', class: 'with' },
  { title: 'IPv4 session', class: 'state' },
  { title: 'IPv6 session', class: 'state' },
  { title: 'Message' },
]

/** A connection with its peering; a peering without connections stands alone. */
interface Item {
  readonly peering: PeeringJson
  readonly connection: ConnectionJson | undefined
}

/** Every connection beside its peering, in the order of the peerings. */
function joined(
  peerings: readonly PeeringJson[],
  connections: readonly ConnectionJson[],
): readonly Item[] {
  const byPeering = new Map<string, ConnectionJson[]>()
  for (const connection of connections) {
    const parent = connection.id.slice(0, -connection.name.length - 1)
    const own = byPeering.get(parent)
    if (own === undefined) byPeering.set(parent, [connection])
    else own.push(connection)
  }
  return peerings.flatMap((peering): Item[] => {
    const own = byPeering.get(peering.id)
    if (own === undefined) return [{ peering, connection: undefined }]
    return own.map((connection) => ({ peering, connection }))
  })
}

/** The family is said where the heads of the columns are not shown. */
function SessionState({ family, state }: { family: string; state: SessionStateText }) {
  return (
    <>
      <span class="family">{family} </span>
      <Badge look={sessionTextLook(state)} text={state} />
    </>
  )
}

function Row({ item: { peering, connection } }: { item: Item }) {
  const { peeringLocation, kind, directPeeringType, asn } = peering.properties
  const shown = connection?.properties
  return (
    <>
      <Cell class="state long">
        {shown === undefined ? (
          <Badge look={{ tone: 'idle', shape: 'dash' }} text="No connection" />
        ) : (
          <>
            <Badge look={connectionLooks[shown.connectionState]} text={shown.connectionState} />
            <span class="under">
              for <Ago time={shown.stateSince} />
            </span>
          </>
        )}
      </Cell>
      <Cell class="name">
        <To view="peerings" name={peering.name} class="strong">
          {connection?.id ?? peering.name}
        </To>
        <span class="under">{peering.owner ?? ''}</span>
      </Cell>
      <Cell class="with">
        {peeringLocation}
        <span class="under">
          {directPeeringType ?? kind}
          {asn === null ? '' : `, AS${asn}`}
        </span>
      </Cell>
      <Cell class="state v4">
        {shown === undefined ? null : <SessionState family="IPv4" state={shown.sessionStateV4} />}
      </Cell>
      <Cell class="state v6">
        {shown === undefined ? null : <SessionState family="IPv6" state={shown.sessionStateV6} />}
      </Cell>
      <Cell class="why">
        <span class="sentence">{shown?.errorMessage}</span>
      </Cell>
    </>
  )
}

function matches({ peering, connection }: Item, { state, search = '' }: Query): boolean {
  if (state && connection?.properties.connectionState !== state) return false
  const { peeringLocation, asn } = peering.properties
  const part = search.toLowerCase()
  return [connection?.id ?? peering.name, peering.owner ?? '', peeringLocation, `${asn}`].some(
    (text) => text.toLowerCase().includes(part),
  )
}

/** Peerings with their connections: where each stands, beside the state of its BGP sessions. */
export function Peerings({ query }: { query: Query }) {
  const peerings = useResource(paths.peerings())
  const connections = useResource(paths.connections())
  const all = joined(peerings.data?.items ?? [], connections.data?.items ?? [])
  const items = all.filter((item) => matches(item, query))
  const set = (changed: Readonly<Record<string, string | undefined>>) =>
    go('peerings', undefined, { ...query, ...changed }, true)
  const countOf = (state: string) =>
    all.filter(({ connection }) => connection?.properties.connectionState === state).length
  const shown = connectionStates.filter((each) => countOf(each) > 0 || each === query['state'])
  const failure = peerings.failure ?? connections.failure
  const there = peerings.data !== undefined && connections.data !== undefined
  return (
    <>
      <div class="view-head">
        <Title text="Peerings" />
        <p role="status" class="faint">
          {!there
            ? failure === undefined
              ? 'Reading…'
              : ''
            : `${counted(peerings.data.total, 'peering')}, ${counted(connections.data.total, 'connection')}`}
        </p>
      </div>
      {all.length === 0 ? null : (
        <search class="filters">
          <Search
            label="Name, owner, location or AS"
            value={query['search'] ?? ''}
            onSearch={(search) => set({ search })}
          />
          <Chips
            label="Connection state"
            choices={shown.map((state) => ({
              value: state,
              label: (
                <>
                  <Icon shape={connectionLooks[state].shape} /> {state}
                </>
              ),
              count: countOf(state),
            }))}
            chosen={query['state']}
            onChoose={(state) => set({ state })}
          />
        </search>
      )}
      <RegistryFailure failure={failure} />
      {!there ? null : items.length === 0 ? (
        <Empty>{all.length === 0 ? 'There is no peering.' : 'No connection matches.'}</Empty>
      ) : (
        <WindowedTable
          label="Connections"
          columns={columns}
          items={items}
          keyOf={({ peering, connection }) => connection?.id ?? peering.name}
          row={(item) => <Row item={item} />}
        />
      )}
    </>
  )
}
