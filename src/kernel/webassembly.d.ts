/** What the kernel uses of the WebAssembly JavaScript Interface; TypeScript has it only among a browser's types. */
declare namespace WebAssembly {
  class CompileError extends Error {}

  class Module {
    constructor(binary: Uint8Array)
  }

  class Instance {
    readonly exports: Record<string, unknown>
    constructor(module: Module, imports: Record<string, Record<string, unknown>>)
  }

  /** Sizes are in pages of 64 KiB. */
  class Memory {
    readonly buffer: SharedArrayBuffer
    constructor(descriptor: { initial: number; maximum: number; shared: true })
    /** @returns the size before; throws RangeError when there is no more */
    grow(pages: number): number
  }
}
