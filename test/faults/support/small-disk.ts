/** A file system of its own that can be filled, and that can break: ext4 in a file. Needs root. */
import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from '../../interop/support/process.ts'

const SIZE = '16M'

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string
  /** Takes all the room there is. */
  fill(): Promise<void>
  free(): Promise<void>
  /** Makes a file such that nobody can write it, and undoes that. */
  protect(file: string): Promise<void>
  unprotect(file: string): Promise<void>
  /** Lets the kernel find an error, at which it makes the file system read-only, open files included. */
  fail(): Promise<void>
  /** Mounts it again after a check. Nobody may have a file of it open. */
  mend(options?: string): Promise<void>
  remove(): Promise<void>
}

/** @param directory an empty one */
export async function makeSmallDisk(directory: string): Promise<SmallDisk> {
  const image = join(directory, 'disk.img')
  const path = join(directory, 'mounted')
  const filler = join(path, 'filler')
  const mount = (options: string) => run(['mount', '-o', `loop,${options}`, image, path])
  await mkdir(path)
  await run(['truncate', '-s', SIZE, image])
  await run(['mkfs.ext4', '-q', '-F', '-O', '^has_journal', image])
  await mount('errors=remount-ro')
  return {
    path,
    fill: () =>
      run(['dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k']).then(
        () => {},
        () => {},
      ),
    free: () => rm(filler),
    protect: (file) => run(['chattr', '+i', file]).then(() => {}),
    unprotect: (file) => run(['chattr', '-i', file]).then(() => {}),
    async fail() {
      const device = basename((await run(['findmnt', '-no', 'SOURCE', path])).trim())
      await run(['sh', '-c', `echo broken >/sys/fs/ext4/${device}/trigger_fs_error`])
    },
    async mend(options = 'errors=remount-ro') {
      await run(['umount', path])
      // 1: errors were mended.
      await run(['sh', '-c', `fsck.ext4 -p ${image} || test $? = 1`])
      await mount(options)
    },
    async remove() {
      await run(['umount', path])
      await rm(directory, { recursive: true })
    },
  }
}
