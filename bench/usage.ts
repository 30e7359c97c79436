/** What processes cost, seen from outside: CPU seconds and memory. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { sleep } from './limits.ts'

const linux = process.platform === 'linux'
/** Until memory that is no longer needed has gone back to the system. */
const SETTLE_MS = 4000

/** Nanoseconds that all threads of a process ran, user and system (Linux's scheduler counts them). */
function threadNanoseconds(pid: number): number {
  let sum = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
      sum += Number(text.split(' ')[0])
    } catch {
      // The thread ended just now.
    }
  }
  return sum
}

/** `ps` says `1-02:03:04.56`, or less of it. */
function psSeconds(text: string): number {
  const [rest = '0', days = '0'] = text.trim().split('-').reverse()
  return rest.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400
}

/** CPU seconds that the processes have used so far, user and system, all threads. */
export function cpuSeconds(pids: readonly number[]): number {
  if (linux) return pids.reduce((sum, pid) => sum + threadNanoseconds(pid), 0) / 1e9
  const times = execFileSync('ps', ['-o', 'time=', '-p', pids.join(',')], { encoding: 'utf8' })
  return times
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + psSeconds(line), 0)
}

function statusKilobytes(pid: number, field: string): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${field}:`))
  return Number(line?.match(/\d+/)?.[0] ?? 0)
}

/** Memory in MB (10^6 octets): resident now, and the most it ever was (0 where the system cannot say). */
export function memory(pids: readonly number[]): { resident: number; peak: number } {
  if (linux) {
    const sum = (field: string) =>
      pids.reduce((total, pid) => total + statusKilobytes(pid, field), 0) * 1.024e-3
    return { resident: sum('VmRSS'), peak: sum('VmHWM') }
  }
  const sizes = execFileSync('ps', ['-o', 'rss=', '-p', pids.join(',')], { encoding: 'utf8' })
  const resident = sizes
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line) * 1.024e-3, 0)
  return { resident, peak: 0 }
}

const STEP_MS = 50
/** Quiet: less than 4 % of a core over half a second. */
const QUIET_STEPS = 10
const QUIET_SECONDS = 0.02

/**
 * Waits until the processes have nothing left to do.
 * @returns the CPU seconds they had used when they became quiet
 * @throws Error when they are still busy after `seconds`
 */
export async function untilQuiet(pids: readonly number[], seconds: number): Promise<number> {
  const samples: number[] = []
  for (let waited = 0; waited < seconds * 1000; waited += STEP_MS) {
    samples.push(cpuSeconds(pids))
    const from = samples.at(-1 - QUIET_STEPS)
    if (from !== undefined && (samples.at(-1) as number) - from < QUIET_SECONDS) return from
    await sleep(STEP_MS)
  }
  throw new Error(`still busy after ${seconds} s`)
}

/** The memory of processes that have come to rest, once what they no longer need has gone back. */
export async function settledMemory(pids: readonly number[]): Promise<ReturnType<typeof memory>> {
  await sleep(SETTLE_MS)
  return memory(pids)
}

/** Share of the whole machine's cores that other processes take, 0 to 1; 0 where it cannot be told. */
export function loadBeside(): () => number {
  const read = () => {
    if (!linux) return { busy: 0, all: 1 }
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] =
      readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).slice(1).map(Number) ?? []
    const busy = user + nice + system + irq + soft + steal
    return { busy, all: busy + idle + wait }
  }
  const before = read()
  return () => {
    const after = read()
    return (after.busy - before.busy) / Math.max(1, after.all - before.all)
  }
}
