/** A folder for one test file's configurations, sockets and logs. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Workspace {
  /** Makes a folder in it. */
  folder(name: string): Promise<string>
  remove(): Promise<void>
}

/** @returns an empty folder that routers under users of their own can enter */
export async function makeWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'bgpwarden-interop-'))
  await chmod(root, 0o755)
  return {
    folder: async (name) => {
      const path = join(root, name)
      await mkdir(path)
      return path
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}
