/** The captures in pcaps/ as tshark reads them: an opinion on our reader that is not our own. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { summarise } from '../../src/replay/summary.ts'
import { messageTypeName } from '../../src/wire/codes.ts'
import { repository } from './support/daemon.ts'
import { run } from './support/process.ts'

const folder = join(repository, 'pcaps')
const captures = readdirSync(folder).filter((file) => file.endsWith('.pcap'))

/** @returns how often tshark saw each type of message, by its name */
async function messagesOfTshark(file: string): Promise<Record<string, number>> {
  const fields = await run(['tshark', '-r', file, '-Y', 'bgp', '-T', 'fields', '-e', 'bgp.type'])
  const counts: Record<string, number> = {}
  for (const type of fields.split(/[\s,]+/).filter((word) => word !== '')) {
    const name = (messageTypeName as Record<string, string>)[type] ?? type
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

describe('captures', () => {
  test.for(captures)('%s', async (name) => {
    const file = join(folder, name)
    const { counts } = await summarise([file])
    expect(counts.messages).toEqual(await messagesOfTshark(file))
    expect(counts).toMatchObject({ malformedMessages: 0, lostOctets: 0, unparsedOctets: 0 })
    expect(await run(['tshark', '-r', file, '-Y', '_ws.malformed'])).toBe('')
  })
})
