/** When V8 compiles. */
import { setFlagsFromString } from 'node:v8'

/** How often a function is called before it is compiled, and compiled again; in loops, how often round. */
const LATER_CALLS = [
  '--invocation-count-for-maglev=8000',
  '--invocation-count-for-turbofan=60000',
  '--invocation-count-for-maglev-osr=2000',
  '--invocation-count-for-osr=10000',
]

/**
 * Has V8 run code fifteen to twenty times as often before it optimises it. A daemon that has just begun judges
 * ten thousand prefixes at the end of its first table, each in some microseconds: to optimise what does it takes
 * longer than to have it done by code that is not optimised. What runs on and on is optimised all the same.
 * @param version of V8: that of Node 20 counts bytecodes, that of Node 24 calls
 * @returns the settings; none: V8 is left alone
 */
export function compilationFlags(version: string): readonly string[] {
  if (version.startsWith('11.')) return ['--interrupt-budget=1000000']
  return version.startsWith('13.') ? LATER_CALLS : []
}

/** Has this process optimise later; to be called before anything large is loaded. */
export function compileLater(): void {
  for (const flag of compilationFlags(process.versions.v8)) setFlagsFromString(flag)
}
