/** When V8 compiles. */
import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 run code fifteen times as often before it optimises it. A daemon that has just begun judges ten
 * thousand prefixes at the end of its first table, each in some microseconds: to optimise what does it takes
 * longer than to have it done by code that is not optimised. What runs on and on is optimised all the same.
 * @param version of V8; later ones than that of Node 20 have a fast compiler in between, and no such setting
 * @returns the setting; null: V8 is left alone
 */
export function compilationFlag(version: string): string | null {
  return version.startsWith('11.') ? '--interrupt-budget=1000000' : null
}

/** Has this process optimise later; to be called before anything large is loaded. */
export function compileLater(): void {
  const flag = compilationFlag(process.versions.v8)
  if (flag !== null) setFlagsFromString(flag)
}
