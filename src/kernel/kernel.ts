/** The compiled kernel, which works on the tables in kernelMemory(). */
import { KERNEL_BINARY } from './binary.ts'
import { kernelMemory } from './memory.ts'

/** What assembly/index.ts exports. */
export interface Kernel {
  version(): number
}

let instance: Kernel | null | undefined

/**
 * @returns the kernel of this process, made when it is first asked for; `null` where the tables lie in no
 *   common memory, or the processor lacks an instruction: everything works without it
 */
export function loadKernel(): Kernel | null {
  if (instance === undefined) instance = instantiate()
  return instance
}

function instantiate(): Kernel | null {
  const memory = kernelMemory()
  if (memory === null) return null
  try {
    const module = new WebAssembly.Module(Buffer.from(KERNEL_BINARY, 'base64'))
    const { exports } = new WebAssembly.Instance(module, { env: { memory } })
    return exports as unknown as Kernel
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null
    throw error
  }
}
