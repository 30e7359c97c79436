/** Passwords that stand in files of their own, so that the configuration can be shown to anybody. */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { quoted } from '../fields/quoted.ts'
import { passwordExpected, passwordPattern } from '../fields/readers.ts'
import type { Report } from './report.ts'
import type { Entry } from './rules.ts'
import type { SessionEntry } from './schema.ts'

/** More than a password and its line break take. */
const MAX_OCTETS = 256

const fileProblems: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading it is not permitted',
  EPERM: 'reading it is not permitted',
  EISDIR: 'it is a directory, expected a file',
}

/** Reads the beginning of a file. @throws the system's error */
export type ReadBeginning = (path: string, octets: number) => Uint8Array

/** Of the file system. */
export const readBeginning: ReadBeginning = (path, octets) => {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const buffer = new Uint8Array(octets)
    return buffer.subarray(0, readSync(descriptor, buffer, 0, octets, null))
  } finally {
    closeSync(descriptor)
  }
}

/** @returns the password, or what is wrong with the file, never what stands in it */
function readPassword(
  path: string,
  read: ReadBeginning,
): { readonly password: string } | { readonly why: string } {
  try {
    const text = new TextDecoder('latin1').decode(read(path, MAX_OCTETS)).replace(/\r?\n$/, '')
    if (passwordPattern.test(text)) return { password: text }
    return { why: `${quoted(path)} holds something else than ${passwordExpected} in one line` }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return { why: `${quoted(path)} cannot be read: ${fileProblems[code] ?? code}` }
  }
}

/**
 * Puts passwords in the place of the names of their files.
 * @returns the entries, with `password` where they have `passwordFile`
 */
export function resolvePasswords<T extends Pick<SessionEntry, 'password' | 'passwordFile'>>(
  entries: readonly Entry<T>[],
  read: ReadBeginning,
  report: Report,
): Entry<T>[] {
  return entries.map((entry) => {
    const { passwordFile, password } = entry.known
    if (passwordFile === undefined) return entry
    const path = [...entry.path, 'passwordFile']
    if (password !== undefined) {
      report.add(path, 'found together with password, expected one of them')
      return entry
    }
    const found = readPassword(passwordFile, read)
    if ('why' in found) {
      report.add(path, found.why)
      return entry
    }
    const { known } = entry
    return {
      ...entry,
      known: { ...known, ...found },
      read: entry.read && { ...entry.read, ...found },
    }
  })
}
