/** Changes of what is registered: how long BGP stands still for them. */
import { parsePrefix } from '../../src/prefix/text.ts'
import type { Figure } from '../figures.ts'
import { fullTables, ipv4World } from '../scenario.ts'
import { openWorld } from '../table-file.ts'
import { engineWith, feed, readTable } from './steps.ts'

/** Registers 100 000 prefixes in an engine with a session and no routes. @returns seconds */
function registerMany(quick: boolean): Figure {
  const registered = 100_000
  const world = openWorld({ family: 'ipv4', routes: 1_000_000, registered, seed: 1 })
  const prefixes = world.registered.map((text) => parsePrefix(text))
  const values = Array.from({ length: quick ? 2 : 5 }, () => {
    const engine = engineWith(1, [])
    const began = performance.now()
    for (const [i, prefix] of prefixes.entries()) {
      engine.register({ name: `p${i}`, prefix, originAsns: [], owner: 'bench' }, Date.now())
    }
    engine.flush(Date.now())
    return (performance.now() - began) / 1000
  })
  const target = { text: 'registration of 100 000 prefixes in under a second', atMost: 1 }
  return { name: 'registry / register 100 000 prefixes', unit: 's', values, target }
}

/** Registers one prefix after the other. @returns milliseconds that each took to have its verdict */
function registerEach(engine: ReturnType<typeof engineWith>, texts: readonly string[]): number[] {
  return texts.map((text) => {
    const registration = { name: text, prefix: parsePrefix(text), originAsns: [], owner: 'bench' }
    const began = performance.now()
    engine.register(registration, Date.now())
    const took = performance.now() - began
    if (engine.view.prefix(text) === undefined) throw new Error(`${text} has no verdict`)
    return took
  })
}

/** Runs the background work to its end. @returns milliseconds of each slice */
function runSlices(engine: ReturnType<typeof engineWith>): number[] {
  const slices: number[] = []
  for (let more = true; more; ) {
    const began = performance.now()
    more = engine.background(Date.now())
    slices.push(performance.now() - began)
  }
  return slices
}

/** One prefix more with four full tables held: usual ones, and such that cover many thousand routes. */
function registerOne(quick: boolean): Figure[] {
  const world = ipv4World()
  const tables = fullTables(world, quick ? 1 : 4)
  const later = 200
  const engine = engineWith(tables.length, world.registered.slice(0, -later))
  for (const [peer, { path }] of tables.entries()) feed(engine, peer, readTable(path))
  const usual = registerEach(engine, world.registered.slice(-later))
  const usualSlices = runSlices(engine)
  const wide = registerEach(engine, ['8.0.0.0/8', '64.0.0.0/4', '193.0.0.0/8', '130.0.0.0/7'])
  const wideSlices = runSlices(engine)
  const held = `${tables.length} M routes held`
  const figure = (name: string, values: number[]): Figure => ({
    name: `registry / ${name}`,
    unit: 'ms',
    values,
  })
  return [
    {
      ...figure(`register one prefix, ${held}`, usual),
      target: { text: 'its verdict in under 1 ms of blocked time', atMost: 1 },
    },
    {
      ...figure('a slice of its search for more-specifics', usualSlices),
      target: { text: 'a search for more-specifics in slices of under 1 ms', atMost: 1 },
    },
    figure(`register a /4 to /8, ${held}`, wide),
    figure('a slice of the search for its more-specifics', wideSlices),
  ]
}

/** Milliseconds and seconds. */
export function registryFigures(quick: boolean): Figure[] {
  return [registerMany(quick), ...registerOne(quick)]
}
