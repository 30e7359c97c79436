/** The faults, one function each: break something, mend it, wait for the truth, count. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Program, run, startProgram } from '../../interop/support/process.ts'
import { waitFor } from '../../interop/support/wait.ts'
import { makeWorkspace } from '../../interop/support/workspace.ts'
import type { GracefulRestart } from './peers.ts'
import { makeSmallDisk } from './small-disk.ts'
import type { PeerName } from './truth.ts'
import { falseFailures } from './warden.ts'
import { holdTime, makeWorld, type World } from './world.ts'

/** A number from 0 to 1; the same seed gives the same ones. */
export type Random = () => number

export interface Outcome {
  /** Of each round: seconds from the moment that nothing is broken any more to the truth. */
  readonly seconds: readonly number[]
  /** Times that the sessions went down in all rounds; undefined where processes were killed. */
  readonly flaps?: number
  /** Log lines and events that called a good prefix Failed. */
  readonly falseFailures: readonly string[]
}

export interface Fault {
  readonly name: string
  readonly title: string
  /** Seconds in which all must be true again. */
  readonly bound: number
  run(rounds: number, random: Random, tell: (line: string) => void): Promise<Outcome>
}

/** When a process is killed, in turn. */
const moments = ['start', 'handshake', 'transfer', 'idle'] as const

/** Waits for the moment in the life of a process that was just started. */
async function moment(
  which: (typeof moments)[number],
  world: World,
  random: Random,
  opens: Promise<unknown>,
  established: () => Promise<unknown>,
  seconds: number,
): Promise<void> {
  if (which === 'start') return void (await sleep(random() * 3000))
  if (which === 'handshake') {
    await opens
    return void (await sleep(random() * 20))
  }
  if (which === 'transfer') {
    await established()
    return void (await sleep(random() * 60))
  }
  await world.trueAgain(seconds)
  await sleep(random() * 1000)
}

/** Looks on the LAN for the first OPEN from now on that the host sends or gets. */
async function watchOpens(
  world: World,
  host: string,
): Promise<{ seen: Promise<unknown>; program: Program }> {
  // The first data on a BGP connection is an OPEN: marker, length, type 1 (RFC 4271 §4.1).
  const filter = `tcp port 179 and host ${host} and tcp[tcpflags] & tcp-push != 0`
  const program = startProgram('tcpdump', [
    ...world.lan.inside(world.lan.hub),
    ...['tcpdump', '-l', '-n', '--immediate-mode', '-i', world.lan.bridge, filter],
  ])
  await program.says(/listening on/)
  const seen = program.says(/Flags \[P\.\]/, 60)
  seen.catch(() => {})
  return { seen, program }
}

/** Waits for something in the output; asks often, because the moment is short. */
async function soon(what: string, text: () => string, pattern: RegExp): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!pattern.test(text())) {
    if (performance.now() > deadline) throw new Error(`waited 60 s for ${what}`)
    await sleep(1)
  }
}

/**
 * Restarts the daemon politely: it waits 1, 2, 4, ... 60 s for a peer that keeps failing within a
 * minute, and what a round measures is one failure, not the row of them.
 */
async function startAnew(world: World): Promise<void> {
  await world.warden.stop()
  world.warden.start()
  await world.warden.ready()
  await world.trueAgain(60)
}

/** Runs rounds in a world, closes it, and says what was counted. */
async function inWorld(
  world: World,
  rounds: number,
  tell: (line: string) => void,
  round: (index: number) => Promise<{ seconds: number; what: string }>,
  countsFlaps = false,
): Promise<Outcome> {
  const all: number[] = []
  let flaps = 0
  try {
    for (let index = 0; index < rounds; index++) {
      const { seconds, what } = await round(index)
      all.push(seconds)
      if (countsFlaps) flaps += await countFlaps(world)
      tell(`round ${index + 1}/${rounds}: ${what}; true again after ${seconds.toFixed(1)} s`)
    }
    // A false verdict may come late: one more tick of the engine and of the event stream.
    await sleep(1500)
    return {
      seconds: all,
      falseFailures: falseFailures(world.warden),
      ...(countsFlaps ? { flaps } : {}),
    }
  } finally {
    await world.close()
  }
}

/** How often sessions fell since the daemon started. */
async function countFlaps({ warden }: World): Promise<number> {
  const { items } = await warden.api.get<{ items: { flaps: number }[] }>('/api/v1/sessions')
  return items.reduce((sum, { flaps }) => sum + flaps, 0)
}

const killDaemon: Fault = {
  name: 'daemon-kill',
  title: 'kill -9 of the daemon',
  bound: 40,
  run: async (rounds, random, tell) => {
    const world = await makeWorld()
    const { warden } = world
    return inWorld(world, rounds, tell, async (index) => {
      const which = moments[index % moments.length] ?? 'start'
      await warden.kill()
      const { seen, program } = await watchOpens(world, '192.0.2.10')
      warden.start()
      const established = () =>
        soon('a session', warden.output, /"event":"session"[^\n]*"to":"Established"/)
      await moment(which, world, random, seen, established, startBound)
      await warden.kill()
      await program.stop()
      warden.start()
      const began = performance.now()
      await warden.ready()
      await world.trueAgain(startBound)
      return { seconds: (performance.now() - began) / 1000, what: `killed at ${which}` }
    })
  },
}
/** Seconds: what a start, the routers' retry timers and a second try take together. */
const startBound = 40

function killRouter(name: PeerName, make: string, gracefulRestart: GracefulRestart): Fault {
  const bound = 40
  return {
    name: `${name}-kill-${gracefulRestart}`,
    title: `kill -9 of ${make}, graceful restart ${gracefulRestart}`,
    bound,
    run: async (rounds, random, tell) => {
      const world = await makeWorld({ gracefulRestart })
      const { warden } = world
      const peer = world.peers[name]
      return inWorld(world, rounds, tell, async (index) => {
        const which = moments[index % moments.length] ?? 'start'
        if (index > 0) await startAnew(world)
        await peer.kill()
        const { seen, program } = await watchOpens(
          world,
          name === 'bird' ? '192.0.2.11' : '192.0.2.12',
        )
        const before = warden.output().length
        await peer.start()
        const up = new RegExp(`"event":"session","session":"${name}","to":"Established"`)
        const established = () => soon('the session', () => warden.output().slice(before), up)
        await moment(which, world, random, seen, established, bound)
        await peer.kill()
        await program.stop()
        await peer.start()
        const began = performance.now()
        await peer.answers()
        await world.trueAgain(bound)
        return { seconds: (performance.now() - began) / 1000, what: `killed at ${which}` }
      })
    },
  }
}

function cut(
  name: string,
  title: string,
  gracefulRestart: GracefulRestart,
  from: number,
  to: number,
) {
  const bound = 60
  const fault: Fault = {
    name,
    title,
    bound,
    run: async (rounds, random, tell) => {
      const world = await makeWorld({ gracefulRestart })
      return inWorld(
        world,
        rounds,
        tell,
        async (index) => {
          if (index > 0) await startAnew(world)
          const seconds = from + random() * (to - from)
          await world.link('down')
          await sleep(seconds * 1000)
          await world.link('up')
          return { seconds: await settled(world, bound), what: `cut for ${seconds.toFixed(1)} s` }
        },
        true,
      )
    },
  }
  return fault
}

/**
 * Waits for the truth, and until it has held for as long as the hold time: nothing is due to fall.
 *
 * @returns seconds until it began to hold
 */
async function settled(world: World, bound: number): Promise<number> {
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1000
  for (;;) {
    await world.trueAgain(bound)
    const seconds = passed()
    if (seconds > bound) throw new Error(`not settled within ${bound} s`)
    if (await holds(world, seconds + holdTime + 1, passed)) return seconds
  }
}

/** @returns false as soon as something is untrue before `passed` gives so many seconds */
async function holds(world: World, until: number, passed: () => number): Promise<boolean> {
  while (passed() < until) {
    if ((await world.warden.untrue()).length > 0) return false
    await sleep(200)
  }
  return true
}

const badWire: Fault = {
  name: 'bad-link',
  title: 'delay 150 ms ± 100 ms (reordering) and 5 % loss, then 100 % loss for 3 s, then restored',
  bound: 60,
  run: async (rounds, random, tell) => {
    const world = await makeWorld({ wires: true })
    const setAll = async (delay: number, jitter: number, loss: number) => {
      for (const wire of world.wires) await wire.set({ delay, jitter, loss })
    }
    return inWorld(
      world,
      rounds,
      tell,
      async (index) => {
        if (index % 2 === 1) await startAnew(world)
        await setAll(150, 100, 0.05)
        // Every other round transfers the tables over the bad link.
        if (index % 2 === 0) {
          await world.warden.kill()
          world.warden.start()
        }
        await sleep(5000 + random() * 3000)
        await setAll(0, 0, 1)
        await sleep(3000)
        await setAll(0, 0, 0)
        return { seconds: await settled(world, 60), what: 'bad, cut and good again' }
      },
      true,
    )
  },
}

const clockJump: Fault = {
  name: 'clock',
  title: "the daemon's wall clock set by +1 h and by -1 h, idle and while tables arrive",
  bound: 40,
  run: async (rounds, random, tell) => {
    const workspace = await makeWorkspace()
    const file = join(await workspace.folder('clock'), 'offset')
    const set = async (world: World, hours: number) => {
      await writeFile(file, String(hours * 3_600_000))
      world.warden.signal('SIGUSR2')
    }
    const preload = new URL('set-clock.ts', import.meta.url).href
    const world = await makeWorld({
      nodeOptions: ['--import', preload],
      env: { FAULTS_CLOCK: file },
    })
    const { warden } = world
    let negative = 0
    const outcome = await inWorld(
      world,
      rounds,
      tell,
      async (index) => {
        const hours = index % 2 === 0 ? 1 : -1
        const during = index % 4 >= 2
        if (during) {
          await warden.stop()
          warden.start()
          await soon('a session', warden.output, /"to":"Established"/)
        } else await sleep(random() * 1000)
        await set(world, hours)
        const seconds = await settled(world, 40)
        negative += negativeDurations(warden.events())
        await set(world, 0)
        await settled(world, 40)
        negative += negativeDurations(warden.events())
        const what = `${hours > 0 ? '+' : ''}${hours} h ${during ? 'after a start' : 'when idle'}, and back`
        return { seconds, what }
      },
      true,
    )
    await workspace.remove()
    if (negative > 0) throw new Error(`${negative} durations in events were negative`)
    return outcome
  },
}

/** How many events tell a duration below zero or of about the hour that never passed. */
function negativeDurations(events: readonly object[]): number {
  const durations = [...JSON.stringify(events).matchAll(/"durationSeconds":(-?[\d.]+)/g)]
  return durations.filter(([, text]) => Number(text) < 0 || Number(text) > 3000).length
}

const storage: Fault = {
  name: 'storage',
  title: 'storage full, then write-protected, then moved away',
  bound: 10,
  run: async (rounds, _random, tell) => {
    const workspace = await makeWorkspace()
    const disk = await makeSmallDisk(await workspace.folder('storage'))
    const data = join(disk.path, 'data')
    const path = join(data, 'bgpwarden.db')
    await mkdir(data)
    try {
      const world = await makeWorld({ config: { storage: { path } } })
      const { api } = world.warden
      const ready = async () => {
        const text = await api.text('/readyz').catch((error: Error) => error.message)
        return /GET \/readyz: 503/.test(text) ? text : true
      }
      const unready = (what: string, words: RegExp) =>
        waitFor(`/readyz to say ${what}`, async () => words.test(String(await ready())), {
          seconds: 10,
          state: ready,
        })
      const readyAgain = () => waitFor('/readyz to be ready', async () => (await ready()) === true)
      const stored = (up: 0 | 1) =>
        waitFor(`bgpwarden_storage_up to be ${up}`, async () =>
          (await api.text('/metrics')).includes(`\nbgpwarden_storage_up ${up}\n`),
        )
      return await inWorld(
        world,
        rounds,
        tell,
        async () => {
          await disk.fill()
          await unready('that it is full', /disk of .* is full/)
          await stored(0)
          await world.trueAgain(10)
          await disk.free()
          await readyAgain()
          await stored(1)
          await disk.protect(path)
          await unready('that it cannot be written', /cannot be written/)
          await world.trueAgain(10)
          await disk.unprotect(path)
          await readyAgain()
          await run(['mv', data, `${data}-elsewhere`])
          await unready('that it was moved', /moved or removed/)
          await world.trueAgain(10)
          await run(['mv', `${data}-elsewhere`, data])
          const began = performance.now()
          await readyAgain()
          await world.trueAgain(10)
          return {
            seconds: (performance.now() - began) / 1000,
            what: 'full, write-protected, moved away',
          }
        },
        true,
      )
    } finally {
      await disk.remove()
      await workspace.remove()
    }
  },
}

const fullLog: Fault = {
  name: 'log-full',
  title: 'the log goes to a full device (/dev/full), a router is killed meanwhile',
  bound: 40,
  run: async (rounds, random, tell) => {
    const world = await makeWorld({ stdout: '/dev/full' })
    return inWorld(world, rounds, tell, async () => {
      await sleep(random() * 500)
      await world.peers.bird.kill()
      await world.peers.bird.start()
      const began = performance.now()
      await world.trueAgain(40)
      if (world.warden.exited()) throw new Error('the daemon ended')
      return { seconds: (performance.now() - began) / 1000, what: 'BIRD killed, nothing logged' }
    })
  },
}

export const faults: readonly Fault[] = [
  killDaemon,
  killRouter('bird', 'BIRD', 'on'),
  killRouter('bird', 'BIRD', 'aware'),
  killRouter('bird', 'BIRD', 'off'),
  killRouter('frr', 'FRR', 'on'),
  killRouter('frr', 'FRR', 'aware'),
  cut('cut-short', 'links cut for 1 to 4 s, hold time 6 s', 'aware', 1, 4),
  cut('cut-long', 'links cut for 8 to 12 s, hold time 6 s', 'aware', 8, 12),
  cut('cut-long-gr', 'the same with graceful restart on', 'on', 8, 12),
  badWire,
  clockJump,
  storage,
  fullLog,
]
