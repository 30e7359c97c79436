import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compilationFlags } from '../../src/cli/compilation.ts'

test('the V8s of Node 20 and 24 optimise later, others are left alone', () => {
  expect(compilationFlags('11.3.244.8-node.36')).toEqual(['--interrupt-budget=1000000'])
  expect(compilationFlags('13.6.233.10-node.28')).toContain('--invocation-count-for-maglev=8000')
  expect(compilationFlags('12.4.254.21-node.27')).toEqual([])
})

test('this V8 knows the settings', () => {
  const flags = compilationFlags(process.versions.v8)
  const { status, stderr } = spawnSync(process.execPath, [...flags, '-e', ''], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
