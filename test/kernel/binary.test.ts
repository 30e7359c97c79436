import { expect, test } from 'vitest'
import { KERNEL_BINARY } from '../../src/kernel/binary.ts'
import { compileKernel } from '../../src/kernel/compile.ts'
import { loadKernel } from '../../src/kernel/kernel.ts'

test('the committed kernel is the one that its sources give (npm run build:kernel)', async () => {
  const committed = Buffer.from(KERNEL_BINARY, 'base64')
  expect(committed.equals(Buffer.from(await compileKernel()))).toBe(true)
})

test('it exports what the daemon calls', () => {
  expect(Object.keys(loadKernel() ?? {}).sort()).toEqual(['lookUpAll', 'move', 'rehash', 'run'])
})
