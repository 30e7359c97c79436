/** The way to the C library: the npm package koffi, which is optional. */
import { createRequire } from 'node:module'

export type Koffi = typeof import('koffi')

/** koffi is read only when it is needed: nobody else pays for it, or fails without it. */
export function loadKoffi(): Koffi {
  return createRequire(import.meta.url)('koffi') as Koffi
}
