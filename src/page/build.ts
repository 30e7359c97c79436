/** `npm run build`: writes the page and the documentation to `dist/web`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePage } from './bundle.ts'
import { renderDocuments } from './documents.ts'

const directory = fileURLToPath(new URL('../../dist/web/', import.meta.url))

for (const { path, content } of [...(await bundlePage()), ...(await renderDocuments())]) {
  const file = join(directory, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
