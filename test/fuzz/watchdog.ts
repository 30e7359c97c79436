/** Watches from another thread, because an input that never ends holds this one for ever. */
import { Worker } from 'node:worker_threads'

// Plain JavaScript: a worker has no loader for TypeScript on Node 20.
const body = `
const { workerData } = require('node:worker_threads')
const state = new Int32Array(workerData.shared)
let seen = -1
setInterval(() => {
  const turn = Atomics.load(state, 0)
  if (turn === seen && turn > 0) {
    const name = workerData.names[Atomics.load(state, 1)]
    const index = Atomics.load(state, 2)
    require('node:fs').writeSync(2, name + ': input ' + index + ' of seed ' + workerData.seed +
      ' runs for more than 5 s; repeat with --target ' + name + ' --seed ' + workerData.seed +
      ' --at ' + index + '\\n')
    process.kill(process.pid, 'SIGKILL')
  }
  seen = turn
}, 5000)
`

/**
 * Ends the process, with a line that names the input, when one input runs for five seconds or more.
 * @param names of the targets
 */
export function watch(names: readonly string[], seed: number) {
  const shared = new SharedArrayBuffer(12)
  const state = new Int32Array(shared)
  const worker = new Worker(body, { eval: true, workerData: { shared, names, seed }, execArgv: [] })
  worker.unref()
  return {
    begun(target: string, index: number): void {
      state[1] = names.indexOf(target)
      state[2] = index
      Atomics.add(state, 0, 1)
    },
    /** Nothing runs now. */
    idle: () => Atomics.store(state, 0, 0),
    stop: () => worker.terminate(),
  }
}
