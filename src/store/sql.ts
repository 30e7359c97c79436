/** The little of the SQLite driver that the store uses, and what its errors mean. */
import { dirname } from 'node:path'

export interface SqlStatement {
  run(...values: unknown[]): { readonly changes: number }
  all(...values: unknown[]): unknown[]
}

/** An open file. Rows are read with `all` alone: a row read by half would hold up checkpoints. */
export interface SqlDatabase {
  readonly inTransaction: boolean
  exec(sql: string): unknown
  prepare(sql: string): SqlStatement
  close(): void
}

type Words = (path: string) => string

const full: Words = (path) =>
  `the disk of ${dirname(path)} is full; free some room, and it goes on by itself`
const notWritable: Words = (path) =>
  `it cannot be written; make ${path} and ${dirname(path)} writable for the daemon`
const readOnly: Words = (path) =>
  `the file system of ${dirname(path)} is read-only; look at its disk, and mount it writable`

/** Codes of SQLite, by their beginning, and of the system, in words. */
const problems: readonly (readonly [code: string, words: Words])[] = [
  ['SQLITE_FULL', full],
  ['ENOSPC', full],
  ['SQLITE_READONLY', notWritable],
  ['EACCES', notWritable],
  ['EPERM', notWritable],
  ['EROFS', readOnly],
  [
    'SQLITE_CANTOPEN',
    (path) => `it cannot be opened; make ${path} and ${dirname(path)} writable for the daemon`,
  ],
  [
    'SQLITE_BUSY',
    () => 'another process has it open; stop the other daemon, or give this one another file',
  ],
  [
    'SQLITE_CORRUPT',
    () => 'it is damaged; put a backup in its place, or move it away and import an export',
  ],
  [
    'SQLITE_NOTADB',
    () => 'it is no SQLite database; name another file in storage.path, or move it away',
  ],
  [
    'SQLITE_IOERR',
    () => 'the system cannot read or write it: its file system is read-only, or its disk is broken',
  ],
]

/** @returns the name of an error of SQLite or of the system, such as `SQLITE_FULL` or `EROFS` */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  // What the driver says when SQLite cannot open a file, with the number of the result code.
  if (/^ConnectionFailed\(.*: 14"\)$/.test(error.message)) return 'SQLITE_CANTOPEN'
  if (!('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' ? code : undefined
}

/** Says what is wrong with a file, in one sentence without a full stop. */
export function describeProblem(path: string, error: unknown): string {
  const code = codeOf(error)
  const said = error instanceof Error ? error.message : String(error)
  if (code === undefined) return `${path}: ${said}`
  const known = problems.find(([begin]) => code.startsWith(begin))
  return `${path}: ${known?.[1](path) ?? said} (${code})`
}
