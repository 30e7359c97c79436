import { spawnSync } from 'node:child_process'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { settleHeap } from '../src/collection.ts'

/** Something that nobody holds; it could be collected from the next turn on. */
async function dropped(): Promise<WeakRef<object>> {
  const reference = new WeakRef({})
  await setImmediate()
  return reference
}

test('the heap is collected on the V8 of Node 24, others are left alone', async () => {
  const kept = await dropped()
  settleHeap('11.3.244.8-node.36')
  expect(kept.deref()).toBeDefined()
  await setImmediate()
  settleHeap('13.6.233.10-node.28')
  expect(kept.deref()).toBeUndefined()
})

test('this V8 knows the setting', () => {
  const flags = ['--heap-growing-percent=50', '--semi-space-growth-factor=1']
  const { status, stderr } = spawnSync(process.execPath, [...flags, '-e', ''], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
