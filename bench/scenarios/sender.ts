/** Whether the sender could ever be the bottleneck: how fast it pours a table into a sink. */
import { createServer } from 'node:net'
import type { Figure } from '../figures.ts'
import { within } from '../limits.ts'
import { type Context, fullTables, ipv4World, type Scenario } from '../scenario.ts'
import { startSender } from '../sender-process.ts'
import { cpuSeconds } from '../usage.ts'

async function run(context: Context): Promise<Figure[]> {
  const [table] = fullTables(ipv4World(), 1)
  if (table === undefined) return []
  const rates: number[] = []
  const cpu: number[] = []
  for (let turn = 0; turn < context.runs; turn++) {
    const sender = startSender()
    const all = new Promise<number>((resolve) => {
      const server = createServer((socket) => {
        const began = performance.now()
        socket.on('data', () => {})
        socket.on('close', () => {
          server.close()
          resolve((performance.now() - began) / 1000)
        })
      })
      server.listen(0, '127.0.0.1', async () => {
        const address = server.address()
        const port = typeof address === 'object' ? (address?.port ?? 0) : 0
        await sender.load(table.path)
        cpu.push(-cpuSeconds([sender.pid]))
        sender.tell({ do: 'pour', port, path: table.path })
      })
    })
    try {
      const seconds = await within(60, 'the table to be poured', all)
      cpu.push((cpu.pop() ?? 0) + cpuSeconds([sender.pid]))
      rates.push(table.truth.routes / seconds)
    } finally {
      await sender.stop()
    }
  }
  return [
    { name: 'sender / routes into a sink', unit: '1/s', values: rates },
    { name: 'sender / CPU for 1 M routes', unit: 's', values: cpu },
  ]
}

export const senderScenario: Scenario = {
  name: 'sender',
  what: 'how fast the sender could send: it must never be the bottleneck',
  run,
}
