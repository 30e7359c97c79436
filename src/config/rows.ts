/**
 * Registered prefixes in their usual spelling, read many times faster than YAML at large: 100 000 of them
 * would otherwise hold up a reload, and every session with it, for seconds. What is not spelt so is left
 * to the YAML reader; so is every file with a mistake, because nothing here knows a place.
 */

import { type ConfigDocument, readDocument } from './document.ts'

/** Rows that were cut out of a text. */
interface Rows {
  /** The text with `[]` for the rows. */
  readonly rest: string
  /** Where the key `prefixes` stands in `rest`. */
  readonly offset: number
  /** What the rows say. */
  readonly entries: readonly unknown[]
}

type Scalar = string | number | boolean

/** Code units below which YAML at large is quick enough. */
const WORTHWHILE = 256 * 1024
/** Code units of a line; the time and stack of a pattern are bounded by it. */
const MAX_LINE = 10_000

const KEY = 'prefixes:'
/** A plain scalar that no blank, quote or indicator makes special; `:` only inside. */
const PLAIN = '[A-Za-z0-9](?:[A-Za-z0-9_./:-]*[A-Za-z0-9_./-])?'
const QUOTED = '"[ !#-[\\]-~]*"'
const SCALAR = `(?:${PLAIN}|${QUOTED})`
const LIST = `\\[ *(?:${SCALAR}(?: *, *${SCALAR})*)? *\\]`
const FIELD = `[A-Za-z]+: +(?:${SCALAR}|${LIST})`
const flowRow = new RegExp(`^( *)- +\\{ *(${FIELD}(?: *, *${FIELD})*) *\\} *$`)
const blockRow = new RegExp(`^( *)- (${FIELD}) *$`)
const blockField = new RegExp(`^( *)(${FIELD}) *$`)
const fields = new RegExp(`([A-Za-z]+): +(${SCALAR}|${LIST})`, 'g')
const scalars = new RegExp(SCALAR, 'g')

/** Whole numbers, the same in every schema of YAML. */
const decimal = /^(?:0|[1-9]\d{0,14})$/
/** May be another number or a word with a meaning (YAML 1.2 §10.3.2). */
const doubtful = /^(?:[\d.eE+-]*|0[xo].*|null|true|false)$/i

/** @returns undefined when YAML at large has to say what the scalar is */
function readScalar(text: string): Scalar | undefined {
  if (text.startsWith('"')) return text.slice(1, -1)
  if (decimal.test(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  return doubtful.test(text) ? undefined : text
}

function readList(text: string): Scalar[] | undefined {
  const values = (text.match(scalars) ?? []).map(readScalar)
  return values.every((value) => value !== undefined) ? values : undefined
}

/** Adds the fields of a line; false: one stands twice or is doubtful. */
function addFields(entry: Record<string, unknown>, text: string): boolean {
  for (const [, key = '', value = ''] of text.matchAll(fields)) {
    const read = value.startsWith('[') ? readList(value) : readScalar(value)
    if (read === undefined || Object.hasOwn(entry, key)) return false
    entry[key] = read
  }
  return true
}

/** Lines of a block sequence to entries; undefined as soon as one is spelt otherwise. */
function readRows(lines: readonly string[]): unknown[] | undefined {
  const entries: unknown[] = []
  let entry: Record<string, unknown> = {}
  let indent: number | undefined
  let open = false
  for (const line of lines) {
    if (line.length > MAX_LINE) return undefined
    if (/^ *(?:#.*)?$/.test(line)) continue
    const flow = flowRow.exec(line)
    const row = flow ?? blockRow.exec(line) ?? (open ? blockField.exec(line) : null)
    const [, blanks = '', text = ''] = row ?? []
    const begins = row !== null && line[blanks.length] === '-'
    indent ??= blanks.length
    if (row === null || blanks.length !== (begins ? indent : indent + 2)) return undefined
    if (begins) {
      entry = {}
      entries.push(entry)
      open = flow === null
    }
    if (!addFields(entry, text)) return undefined
  }
  return entries
}

function cutRows(text: string): Rows | undefined {
  if (!text.endsWith('\n') || text.includes('\r')) return undefined
  const offset = text.startsWith(`${KEY}\n`) ? 0 : text.indexOf(`\n${KEY}\n`) + 1
  if (!text.startsWith(`${KEY}\n`, offset)) return undefined
  const start = offset + KEY.length + 1
  // The section ends where a line begins at the margin with anything but a row or a comment.
  const margin = /(?<=\n)[^ \n#-]/g
  margin.lastIndex = start
  const end = margin.exec(text)?.index ?? text.length
  const entries = readRows(text.slice(start, end).split('\n'))
  if (entries === undefined || entries.length === 0) return undefined
  return { rest: `${text.slice(0, offset)}${KEY} []\n${text.slice(end)}`, offset, entries }
}

/**
 * Reads a large text whose registered prefixes are in their usual spelling.
 * @param worthwhile code units that make a text large
 * @returns a document with the value that `readDocument` finds, but with no useful places; undefined when
 *   the text is small, spelt otherwise, or has a mistake
 */
export function readRowsDocument(
  text: string,
  worthwhile: number = WORTHWHILE,
): ConfigDocument | undefined {
  const rows = text.length < worthwhile ? undefined : cutRows(text)
  if (rows === undefined) return undefined
  const document = readDocument(rows.rest)
  // Only under this key of the outermost block mapping were the rows what they seemed.
  if (document.problems.length > 0 || document.blockKey('prefixes') !== rows.offset)
    return undefined
  return { ...document, value: { ...(document.value as object), prefixes: rows.entries } }
}
