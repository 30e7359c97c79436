/** Gathers the mistakes of one file, each with its place and in the words of the file. */
import type { z } from 'zod'
import { formatPath, isThere, likelyIssues, type Path } from '../fields/issues.ts'
import { quoted } from '../fields/quoted.ts'
import type { ConfigDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { type ConfigProblem, isSecret } from './problem.ts'
import { unsupportedKeys } from './schema.ts'
import { configJsonSchema, type JsonSchema } from './schema-json.ts'

/** Guesses are made for the first mistakes only: each costs a look at all candidates. */
const MAX_GUESSES = 100

/** Where mistakes go. */
export interface Report {
  /**
   * Notes a mistake.
   * @param part whether the value of the path is wrong, or its key
   */
  add(path: Path, message: string, part?: 'key' | 'value'): void
  /** Notes what the schema found, at `base` in the document. */
  addIssues(base: Path, issues: readonly z.core.$ZodIssue[]): void
  /** @returns a near candidate as `, did you mean "holdTime"?`, or nothing */
  guess(word: string, candidates: Iterable<string>): string
  /** The line of a path's value, counted from 1. */
  line(path: Path): number
  /** All mistakes, in the order of the file. */
  problems(): ConfigProblem[]
}

function knownKeys(path: Path): string[] {
  let schema: JsonSchema | undefined = configJsonSchema()
  for (const step of path) {
    schema = typeof step === 'number' ? schema?.items : schema?.properties?.[String(step)]
  }
  const mappings = [schema, ...(schema?.anyOf ?? [])]
  return mappings.flatMap((each) => Object.keys(each?.properties ?? {}))
}

/**
 * @param text of the file, for the length of what is underlined
 * @param file its name, as it stands in each mistake
 */
export function createReport(document: ConfigDocument, text: string, file: string): Report {
  const found: ConfigProblem[] = []
  const keysByPath = new Map<string, readonly string[]>()

  function push(start: number, end: number, key: string, message: string): void {
    // An empty last line is a place too, but not one before the text.
    const { line, col } = document.lines.linePos(start)
    const newline = /[\r\n]/.exec(text.slice(start, Math.max(start, end)))
    const length = newline === null ? end - start : newline.index
    found.push({
      file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      length: Math.max(1, length),
      key,
      message,
    })
  }

  function add(path: Path, message: string, part: 'key' | 'value' = 'value'): void {
    const { start, end } = document.locate(path, part)
    push(start, end, formatPath(path), message)
  }

  function guess(word: string, candidates: Iterable<string>): string {
    const near = found.length < MAX_GUESSES ? nearest(word, candidates) : undefined
    return near === undefined ? '' : `, did you mean "${near}"?`
  }

  function addUnknownKey(path: Path, key: string): void {
    const parent = formatPath(path).replace(/\[\d+\]/g, '[]')
    const unsupported = unsupportedKeys.get(parent === '' ? key : `${parent}.${key}`)
    let keys = keysByPath.get(parent)
    if (keys === undefined) {
      keys = knownKeys(path)
      keysByPath.set(parent, keys)
    }
    const meant =
      guess(key, keys) || `, expected ${keys.length > 1 ? 'one of ' : ''}${keys.join(', ')}`
    add([...path, key], unsupported ?? `unknown key ${quoted(key)}${meant}`, 'key')
  }

  function addIssue(path: Path, issue: z.core.$ZodIssue): void {
    const likely = likelyIssues(issue)
    if (likely.length > 0) {
      for (const each of likely) addIssue([...path, ...each.path], each)
    } else if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) addUnknownKey(path, key)
    } else if (!isThere(document.value, path)) {
      add(path, `is missing, expected ${issue.message}`)
    } else if (issue.code === 'custom' && issue.params?.['expected'] !== true) {
      add(path, issue.message)
    } else {
      const found = isSecret(formatPath(path)) ? 'a secret' : document.found(path)
      add(path, `found ${found}, expected ${issue.message}`)
    }
  }

  for (const problem of document.problems) {
    push(problem.start, problem.end, formatPath(problem.path), problem.message)
  }

  return {
    add,
    addIssues(base, issues) {
      for (const issue of issues) addIssue([...base, ...issue.path], issue)
    },
    guess,
    line: (path) => document.lines.linePos(document.locate(path, 'value').start).line,
    problems: () =>
      found.sort(
        (a, b) =>
          a.line - b.line || a.column - b.column || (a.key === b.key ? 0 : a.key < b.key ? -1 : 1),
      ),
  }
}
