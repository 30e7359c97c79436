import { expect, test } from 'vitest'
import { KERNEL_BINARY } from '../../src/kernel/binary.ts'
import { compileKernel } from '../../src/kernel/compile.ts'
import { loadKernel } from '../../src/kernel/kernel.ts'

test('the committed kernel is the one that its sources give (npm run build:kernel)', async () => {
  const committed = Buffer.from(KERNEL_BINARY, 'base64')
  expect(committed.equals(Buffer.from(await compileKernel()))).toBe(true)
})

test('it has the version that its reader knows', () => {
  expect(loadKernel()?.version()).toBe(1)
})
