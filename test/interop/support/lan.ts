/**
 * A LAN made of network namespaces: one bridge in the hub's namespace, one namespace a node.
 * Every router has its own addresses and its own port 179, as in the container lab, and nothing
 * of the host's network is touched.
 */
import { readdir } from 'node:fs/promises'
import { run } from './process.ts'

const namespacePrefix = 'bgpw'
/** Locally administered; every LAN has its own namespace. */
const bridgeAddress = '02:00:00:00:00:01'

/** Addresses of a node on the LAN, without length: 192.0.2.N and 2001:db8:0:1::N (RFC 5737, RFC 3849). */
export interface Addresses {
  readonly ipv4: string
  readonly ipv6: string
}

export interface Lan {
  /** Joins a node and returns its addresses; `host` is the last number of both. */
  join(node: string, host: number): Promise<Addresses>
  /** Words to put before a command so that it runs inside the node's namespace. */
  inside(node: string): readonly string[]
  /** Name of the bridge in the hub's namespace: what tcpdump listens on. */
  readonly bridge: string
  readonly hub: string
  close(): Promise<void>
}

/** @returns the addresses that `join` gives to the host number */
export function addressesOf(host: number): Addresses {
  return { ipv4: `192.0.2.${host}`, ipv6: `2001:db8:0:1::${host}` }
}

let lans = 0

/**
 * Makes the LAN with the hub on it. The hub is where the daemon runs.
 *
 * @throws Error with the output of `ip` when the machine does not allow network namespaces
 */
export async function makeLan(hub: string, hubHost: number): Promise<Lan> {
  lans += 1
  const id = `${namespacePrefix}-${process.pid}-${lans}`
  const bridge = 'lan0'
  const nodes: string[] = []
  const namespace = (node: string) => `${id}-${node}`
  const inside = (node: string) => ['ip', 'netns', 'exec', namespace(node)]
  const ip = (node: string, ...words: string[]) => run(['ip', '-n', namespace(node), ...words])

  const addNamespace = async (node: string) => {
    await run(['ip', 'netns', 'add', namespace(node)])
    nodes.push(node)
    await ip(node, 'link', 'set', 'lo', 'up')
  }
  const addAddresses = async (node: string, device: string, host: number) => {
    const addresses = addressesOf(host)
    await ip(node, 'address', 'add', `${addresses.ipv4}/24`, 'dev', device)
    // Without nodad the address cannot be bound for the first second or two.
    await ip(node, 'address', 'add', `${addresses.ipv6}/64`, 'dev', device, 'nodad')
    await ip(node, 'link', 'set', device, 'up')
    return addresses
  }

  await addNamespace(hub)
  // Without an address of its own a bridge takes the lowest of its ports', and those who resolved the hub
  // before a node joined with a lower one would reach nobody until their neighbour entries age, up to a minute.
  await ip(hub, 'link', 'add', bridge, 'address', bridgeAddress, 'type', 'bridge')
  await addAddresses(hub, bridge, hubHost)

  return {
    hub,
    bridge,
    inside,
    join: async (node, host) => {
      await addNamespace(node)
      const port = `v-${node}`.slice(0, 15)
      await ip(hub, 'link', 'add', port, 'type', 'veth', 'peer', 'eth0', 'netns', namespace(node))
      await ip(hub, 'link', 'set', port, 'master', bridge, 'up')
      return addAddresses(node, 'eth0', host)
    },
    close: async () => {
      for (const node of nodes.splice(0).reverse())
        await run(['ip', 'netns', 'del', namespace(node)])
    },
  }
}

/** Removes namespaces that a killed run left behind; those of a running suite stay. */
export async function removeStaleLans(): Promise<void> {
  const names = await readdir('/run/netns').catch(() => [])
  for (const name of names) {
    const pid = new RegExp(`^${namespacePrefix}-(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await run(['ip', 'netns', 'del', name])
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
