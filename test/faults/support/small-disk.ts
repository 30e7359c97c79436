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
  mend(access?: 'rw' | 'ro'): Promise<void>
  remove(): Promise<void>
}

const nothing = () => {}

/** @param directory an empty one */
export async function makeSmallDisk(directory: string): Promise<SmallDisk> {
  const image = join(directory, 'disk.img')
  const path = join(directory, 'mounted')
  const filler = join(path, 'filler')
  await mkdir(path)
  await run(['truncate', '-s', SIZE, image])
  const device = (await run(['losetup', '--find', '--show', image])).trim()
  await run(['mkfs.ext4', '-q', '-O', '^has_journal', device])
  const mount = (access: 'rw' | 'ro') =>
    run(['mount', '-o', `${access},errors=remount-ro`, device, path])
  await mount('rw')
  return {
    path,
    // It ends with an error: that there is no more room.
    fill: () => run(['dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k']).then(nothing, nothing),
    free: () => rm(filler),
    protect: (file) => run(['chattr', '+i', file]).then(nothing),
    unprotect: (file) => run(['chattr', '-i', file]).then(nothing),
    fail: () =>
      run(['sh', '-c', `echo broken >/sys/fs/ext4/${basename(device)}/trigger_fs_error`]).then(
        nothing,
      ),
    async mend(access = 'rw') {
      await run(['umount', path])
      // 1: errors were mended.
      await run(['sh', '-c', `fsck.ext4 -p ${device} || test $? = 1`])
      await mount(access)
    },
    async remove() {
      await run(['umount', path])
      await run(['losetup', '--detach', device])
      await rm(directory, { recursive: true })
    },
  }
}
