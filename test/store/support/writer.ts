/**
 * A process that commits until it is killed: `node writer.ts FILE SEED`. For each commit it first says
 * `try N`, then when it is acknowledged `ack N`, each a line of its own. Commit N makes the resources
 * `N/0` ... `N/k` and one line of the audit log, and from the second on changes `counter`.
 */
import { writeSync } from 'node:fs'
import { openStore } from '../../../src/store/store.ts'
import type { ResourceChange } from '../../../src/store/types.ts'
import { seeded } from '../../faults/support/random.ts'

const [path = '', seed = '1'] = process.argv.slice(2)
const random = seeded(Number(seed))
const store = await openStore({
  path,
  eventDays: 30,
  auditDays: 730,
  maxBytes: 1 << 30,
  now: Date.now,
})
const resources = await store.load()
const counter = resources.find(({ kind }) => kind === 'counter')
const start = Number(counter?.document['last'] ?? 0)
let version = counter?.version ?? 0
writeSync(1, `start ${start}\n`)

for (let n = start + 1; ; n++) {
  const parts = 1 + Math.floor(random() * 8)
  const changes: ResourceChange[] = [
    { kind: 'counter', id: 'counter', document: { last: n }, basedOn: version },
  ]
  for (let part = 0; part < parts; part++) {
    const filler = 'x'.repeat(Math.floor(random() * 2000))
    changes.push({ kind: 'part', id: `${n}/${part}`, document: { parts, filler }, basedOn: 0 })
  }
  const time = Date.now()
  const who = { who: 'writer', role: 'admin', operation: 'create', kind: 'part' }
  const audit = [{ time, ...who, id: `${n}`, before: null, after: { parts } }]
  const answer = { who: 'writer', key: `${n}`, fingerprint: 'f', status: 201, body: n, time }
  writeSync(1, `try ${n}\n`)
  await store.commit({ time, changes, audit, answer })
  version += 1
  writeSync(1, `ack ${n}\n`)
}
