/** What every scenario gets, and gives. */
import { bgpwarden, type DaemonOptions } from './bgpwarden.ts'
import type { Contestant } from './contestant.ts'
import type { Figure } from './figures.ts'
import { FIRST_ASN, type Place } from './intake.ts'
import { openWorld, type TableFile, type World } from './table-file.ts'

export interface Context {
  /** The Node that runs the daemon. */
  readonly node: string
  /** More arguments for it. */
  readonly nodeArguments: readonly string[]
  readonly runs: number
  readonly quick: boolean
  readonly place: Place
  readonly httpPort: number
  /** Routers beside the daemon; none without `--peers`. */
  readonly routers: readonly Contestant[]
  log(line: string): void
}

export interface Scenario {
  readonly name: string
  /** In a few words, for the list of scenarios. */
  readonly what: string
  /** Whether it says something about routers too. */
  readonly withRouters?: boolean
  run(context: Context): Promise<Figure[]>
}

export function daemonOptions({ node, nodeArguments, httpPort }: Context): DaemonOptions {
  return { node, nodeArguments, httpPort }
}

/** The daemon as a contestant of this context. */
export function daemon(context: Context): Contestant {
  return bgpwarden(daemonOptions(context))
}

const SEED = 1
export const REGISTERED = 10_000

let world4: World | undefined
let world6: World | undefined

/** A million IPv4 routes, 10 000 registered prefixes. */
export function ipv4World(): World {
  world4 ??= openWorld({ family: 'ipv4', routes: 1_000_000, registered: REGISTERED, seed: SEED })
  return world4
}

/** 200 000 IPv6 routes, 10 000 registered prefixes. */
export function ipv6World(): World {
  world6 ??= openWorld({ family: 'ipv6', routes: 200_000, registered: REGISTERED, seed: SEED })
  return world6
}

/** The whole table of each of `count` peers: the same prefixes, other attributes, another order. */
export function fullTables(world: World, count: number): TableFile[] {
  return Array.from({ length: count }, (_, peer) =>
    world.table({ peer, firstAs: FIRST_ASN + peer, packing: 'full' }),
  )
}
