/** A network namespace with nothing in it but loopback and a pair that ends where it begins. */
import { spawnSync } from 'node:child_process'
import { output } from './routers.ts'

/** Set in the process inside. */
const MARK = 'BGPWARDEN_BENCH_NAMESPACE'

/** An address that is not 127/8, which FRR wants; next hops of the tables lie in its network. */
export const routerAddress = '198.18.0.1'

/** Whether this process is in the namespace already. */
export function isInside(): boolean {
  return process.env[MARK] === '1'
}

/**
 * Runs this program again in a new namespace.
 * @returns its exit code
 */
export function runInside(): number {
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status, error } = spawnSync('unshare', ['--net', ...words], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  })
  if (error !== undefined) throw error
  return status ?? 1
}

/** Sets the namespace up; from within it. */
export function prepareInside(): void {
  const ip = (words: string) => output(['ip', ...words.split(' ')])
  ip('link set lo up')
  ip('link add bench0 type veth peer name bench1')
  ip(`addr add ${routerAddress}/16 dev bench0`)
  ip('-6 addr add 2001:db8::ffff/64 dev bench0 nodad')
  ip('link set bench0 up')
  ip('link set bench1 up')
}
