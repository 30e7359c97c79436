/**
 * A link that delays and loses packets: what `tc netem` does, where the kernel lacks it. Two TAP
 * devices and a process between them that passes each frame on when its time has come.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { node, repository } from '../../interop/support/daemon.ts'
import { addressesOf, type Lan } from '../../interop/support/lan.ts'
import { run, startProgram } from '../../interop/support/process.ts'

/** Milliseconds, milliseconds and 0 to 1; each frame for itself, so that jitter reorders. */
export interface WireFaults {
  readonly delay: number
  readonly jitter: number
  readonly loss: number
}

export interface BadWire {
  set(faults: WireFaults): Promise<void>
  remove(): Promise<void>
}

/** Puts a wire in the place of the node's link, same name and same addresses. */
export async function insertWire(
  lan: Lan,
  name: string,
  host: number,
  directory: string,
): Promise<BadWire> {
  const inHub = (...words: string[]) => run([...lan.inside(lan.hub), 'ip', ...words])
  const inNode = (...words: string[]) => run([...lan.inside(name), 'ip', ...words])
  const namespace = lan.inside(name).at(-1) ?? ''
  const near = `v-${name}`
  const far = `w-${name}`
  await inHub('link', 'del', near)
  const settings = join(directory, 'wire.json')
  const script = join(repository, 'test/faults/support/wire-process.ts')
  const program = startProgram(`wire ${name}`, [
    ...lan.inside(lan.hub),
    ...[...node, script, near, far, settings],
  ])
  await program.says(/wired/)
  await inHub('link', 'set', far, 'netns', namespace, 'name', 'eth0')
  await inHub('link', 'set', near, 'master', lan.bridge, 'up')
  const { ipv4, ipv6 } = addressesOf(host)
  await inNode('address', 'add', `${ipv4}/24`, 'dev', 'eth0')
  await inNode('address', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad')
  await inNode('link', 'set', 'eth0', 'up')
  return {
    set: async (faults) => {
      await writeFile(settings, JSON.stringify(faults))
      program.signal('SIGUSR2')
    },
    remove: () => program.stop('SIGKILL'),
  }
}
