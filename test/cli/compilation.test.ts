import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compilationFlag } from '../../src/cli/compilation.ts'

test('the V8 of Node 20 optimises later, others are left alone', () => {
  expect(compilationFlag('11.3.244.8-node.36')).toBe('--interrupt-budget=1000000')
  expect(compilationFlag('13.6.233.10-node.28')).toBeNull()
})

test('this V8 knows the setting', () => {
  const flag = compilationFlag(process.versions.v8)
  const { status, stderr } = spawnSync(process.execPath, [flag ?? '--expose-gc', '-e', ''], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
})
