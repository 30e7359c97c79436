/** Compiles the kernel, AssemblyScript to WebAssembly. A tool of development: the daemon holds the result. */
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { KERNEL_BASE, MAXIMUM_PAGES, PAGE } from './layout.ts'

const directory = fileURLToPath(new URL('./assembly/', import.meta.url))

const OPTIONS = [
  '--optimizeLevel=3',
  '--shrinkLevel=0',
  '--converge',
  '--noAssert',
  '--runtime=stub',
  '--importMemory',
  '--noExportMemory',
  '--sharedMemory',
  `--initialMemory=${KERNEL_BASE / PAGE}`,
  `--maximumMemory=${MAXIMUM_PAGES}`,
  '--enable=threads',
  '--enable=simd',
  '--enable=bulk-memory',
]

/**
 * @returns the octets of the module; the same sources give the same octets
 * @throws Error with the compiler's messages when the sources do not compile
 */
export async function compileKernel(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    ['index.ts', '--baseDir', directory, '--outFile', 'kernel.wasm', ...OPTIONS],
    {
      writeFile(_name: string, content: string | Uint8Array) {
        if (typeof content !== 'string') binary = content
      },
    },
  )
  if (error !== null || binary === undefined) {
    throw new Error(`the kernel does not compile\n${stderr.toString()}${error?.message ?? ''}`)
  }
  return binary
}

/** @returns the TypeScript module that holds the octets; no file needs to be copied beside it */
export function kernelModule(binary: Uint8Array): string {
  const base64 = Buffer.from(binary).toString('base64')
  return [
    '/** The compiled kernel, in base64. Made by `npm run build:kernel` from the sources in assembly/. */',
    'export const KERNEL_BINARY = `',
    ...(base64.match(/.{1,90}/g) ?? []),
    '`',
    '',
  ].join('\n')
}
