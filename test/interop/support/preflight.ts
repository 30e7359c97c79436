/** Looks once, before the suite, whether this machine can run it, and says everything that is missing. */

import { removeStaleLans } from './lan.ts'
import { run } from './process.ts'

const programs: readonly (readonly [string, string])[] = [
  ['bird', 'bird2'],
  ['birdc', 'bird2'],
  ['/usr/lib/frr/bgpd', 'frr'],
  ['/usr/lib/frr/zebra', 'frr'],
  ['vtysh', 'frr'],
  ['gobgpd', 'gobgpd'],
  ['gobgp', 'gobgpd'],
  ['/usr/sbin/bgpd', 'openbgpd'],
  ['bgpctl', 'openbgpd'],
  ['exabgp', 'exabgp'],
  ['ip', 'iproute2'],
  ['mkfs.ext4', 'e2fsprogs'],
  ['tcpdump', 'tcpdump'],
  ['tshark', 'tshark'],
  ['tmux', 'tmux'],
  ['zsh', 'zsh'],
  ['fish', 'fish'],
  ['prometheus', 'prometheus'],
  ['promtool', 'prometheus'],
  ['prometheus-alertmanager', 'prometheus-alertmanager'],
  ['amtool', 'prometheus-alertmanager'],
]

/**
 * Vitest's global set-up. A missing router fails the suite: a skipped interop test proves nothing.
 *
 * @throws Error that names every missing program and its Debian package
 */
export default async function preflight(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error('the interop suite makes network namespaces: run it as root')
  const missing: string[] = []
  for (const [program, debianPackage] of programs)
    await run(['sh', '-c', `command -v ${program}`]).catch(() =>
      missing.push(`${program} (package ${debianPackage})`),
    )
  if (missing.length > 0) throw new Error(`the interop suite needs ${missing.join(', ')}`)
  await removeStaleLans()
}
