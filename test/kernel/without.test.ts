import { beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.resetModules()
  vi.unstubAllGlobals()
})

/** @returns the modules as a process has them in which `Memory` is what is given */
async function kernelWith(webAssembly: unknown) {
  vi.stubGlobal('WebAssembly', webAssembly)
  const memory = await import('../../src/kernel/memory.ts')
  const { loadKernel } = await import('../../src/kernel/kernel.ts')
  return { ...memory, loadKernel }
}

class NoMemory {
  constructor() {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory')
  }
}

test.each([
  ['V8 runs without WebAssembly', undefined],
  ['the address space is too small', { Memory: NoMemory }],
])('where %s, each array has a memory of its own, and there is no kernel', async (_why, given) => {
  const { kernelMemory, loadKernel, allocateWords, allocateOctets, free, giveBackPages } =
    await kernelWith(given)
  expect(kernelMemory()).toBeNull()
  expect(loadKernel()).toBeNull()
  const words = allocateWords(1000)
  const octets = allocateOctets(1000)
  expect([words.length, words.byteOffset, octets.byteLength]).toEqual([1000, 0, 1000])
  expect(octets.buffer).not.toBe(words.buffer)
  free(words)
  free(octets)
  expect(giveBackPages(() => true)).toBe(0)
})

test('a processor that lacks instructions has no kernel, but the common memory', async () => {
  class NoInstructions extends WebAssembly.Module {
    constructor(binary: Uint8Array) {
      super(binary.subarray(0, 4))
    }
  }
  const { Memory, Instance, CompileError } = WebAssembly
  const { kernelMemory, loadKernel } = await kernelWith({
    Memory,
    Instance,
    CompileError,
    Module: NoInstructions,
  })
  expect(kernelMemory()).not.toBeNull()
  expect(loadKernel()).toBeNull()
})
