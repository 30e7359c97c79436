/** Text for people: widths, wrapping, and the cleaning of what peers sent. */
import { stripVTControlCharacters } from 'node:util'
import { formatDuration } from '../telemetry/duration.ts'

// A whole escape sequence first (CSI, OSC, then any two-character one), so that no tail of it stays.
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b./g
// C0 and C1 but not blanks; marks that turn the direction of writing; zero-width characters.
const CONTROLS = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

/**
 * Makes text that came from a peer, a file or an API safe to print on one line: blanks for line breaks
 * and tabs, nothing for any other control character or escape sequence.
 */
export function cleanText(text: string): string {
  return text
    .replace(ESCAPES, '')
    .replace(/[\t\n\r\v\f\u0085\u2028\u2029]+/g, ' ')
    .replace(CONTROLS, '')
}

/** East Asian wide and emoji, roughly; such a character takes two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const COMBINING = /\p{Mark}/u

const PLAIN = /^[ -~]*$/

/** Columns that text takes on a terminal; colours take none. */
export function displayWidth(text: string): number {
  // Most texts are plain, and tables measure thousands of them.
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const character of stripVTControlCharacters(text)) {
    if (COMBINING.test(character)) continue
    width += WIDE.test(character) ? 2 : 1
  }
  return width
}

/** Cuts text to a width, the last column then being `…`. The text has no colours yet. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    const more = displayWidth(character)
    if (used + more > width - 1) break
    kept += character
    used += more
  }
  return `${kept.trimEnd()}…`
}

/**
 * Breaks a sentence into lines of at most `width` columns, at blanks; a word that is longer than a
 * line is cut. The text has no colours yet.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').filter((part) => part !== '')) {
    let rest = word
    if (line !== '' && displayWidth(line) + 1 + displayWidth(rest) > width) {
      lines.push(line)
      line = ''
    }
    while (displayWidth(rest) > width) {
      lines.push(rest.slice(0, width))
      rest = rest.slice(width)
    }
    line = line === '' ? rest : `${line} ${rest}`
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

/**
 * Writes a paragraph with a hanging label: the first line begins with `label`, all others with as many
 * blanks.
 * @returns lines of at most `columns` columns, each with its line break
 */
export function paragraph(label: string, text: string, columns: number): string {
  const indent = displayWidth(label)
  const lines = wrap(text, Math.max(20, columns - indent))
  return lines
    .map((line, i) => `${i === 0 ? label : ' '.repeat(indent)}${line}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('')
}

/** @returns for instance `2026-11-21 09:12:04Z`: UTC, so that two screens agree */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}

/** An age for a cell: as `formatDuration`, but `< 1 s`. */
export function formatAge(milliseconds: number): string {
  return milliseconds < 1000 ? '< 1 s' : formatDuration(milliseconds)
}

/** @returns for instance `1 prefix`, `3 prefixes` */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
