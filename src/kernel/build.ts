/** `npm run build:kernel`: compiles the kernel into binary.ts. */
import { writeFile } from 'node:fs/promises'
import { compileKernel, kernelModule } from './compile.ts'

await writeFile(new URL('./binary.ts', import.meta.url), kernelModule(await compileKernel()))
