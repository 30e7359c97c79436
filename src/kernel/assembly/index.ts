/** The kernel: what of the hot path runs as WebAssembly. Written in AssemblyScript, not TypeScript. */

/** Of the kernel's interface; grows with every change of it. */
export function version(): i32 {
  return 1
}
