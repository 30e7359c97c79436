/** The page: what stands in its address decides which view is shown. */
import { render } from 'preact'
import { startClock } from './data/clock.ts'
import { startLive } from './data/live.ts'
import { place, startPlace } from './data/place.ts'
import type { Place } from './logic/route.ts'
import { Shell } from './parts/shell.tsx'
import { To } from './parts/text.tsx'
import { Title } from './parts/title.tsx'
import { CircuitView } from './views/circuit.tsx'
import { Circuits } from './views/circuits.tsx'
import { Events } from './views/events.tsx'
import { Explain } from './views/explain.tsx'
import { NetworkView } from './views/network.tsx'
import { Networks } from './views/networks.tsx'
import { Overview } from './views/overview.tsx'
import { PeeringView } from './views/peering.tsx'
import { Peerings } from './views/peerings.tsx'
import { PrefixView } from './views/prefix.tsx'
import { Prefixes } from './views/prefixes.tsx'
import { SessionView } from './views/session.tsx'
import { Sessions } from './views/sessions.tsx'

function View({ at }: { at: Place | undefined }) {
  if (at === undefined) {
    return (
      <>
        <Title text="Nothing here" />
        <p>
          This address leads nowhere. <To view="overview">To the overview</To>
        </p>
      </>
    )
  }
  const { view, name, query } = at
  switch (view) {
    case 'overview':
      return <Overview />
    case 'prefixes':
      return name === undefined ? <Prefixes query={query} /> : <PrefixView key={name} name={name} />
    case 'sessions':
      return name === undefined ? (
        <Sessions query={query} />
      ) : (
        <SessionView key={name} name={name} query={query} />
      )
    case 'peerings':
      return name === undefined ? (
        <Peerings query={query} />
      ) : (
        <PeeringView key={name} name={name} />
      )
    case 'circuits':
      return name === undefined ? (
        <Circuits query={query} />
      ) : (
        <CircuitView key={name} name={name} />
      )
    case 'networks':
      return name === undefined ? (
        <Networks query={query} />
      ) : (
        <NetworkView key={name} name={name} />
      )
    case 'explain':
      return <Explain query={query} />
    case 'events':
      return <Events query={query} />
  }
}

function Page() {
  return (
    <Shell view={place.value?.view}>
      <View at={place.value} />
    </Shell>
  )
}

startClock()
startPlace()
startLive()
render(<Page />, document.body)
