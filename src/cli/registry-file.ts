/** A YAML file that goes to the registry: read here, so that a mistake has its line. */
import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import { type ConfigDocument, readDocument } from '../config/document.ts'
import { ConfigError, type ConfigProblem } from '../config/problem.ts'
import { formatPath, type Path } from '../fields/issues.ts'
import { UsageError } from './failure.ts'

/** Octets that the API takes. */
const MAX_BYTES = 16 * 1024 * 1024

/** A file as it was read. */
export interface RegistryFile {
  readonly file: string
  readonly text: string
  readonly document: ConfigDocument
  /** A mapping. */
  readonly value: object
}

/** A place as the API names it. @returns `['peerings', 0, 'sku']` of `peerings[0].sku` or `peerings.0.sku` */
export function parsePlace(place: string): Path {
  return (place.match(/[^.[\]]+/g) ?? []).map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

/** Mistakes at their lines, in the order of the file. */
export function placedProblems(
  { file, document }: Pick<RegistryFile, 'file' | 'document'>,
  problems: readonly { readonly path: string; readonly message: string }[],
): ConfigProblem[] {
  return problems
    .map(({ path, message }) => {
      const steps = parsePlace(path)
      const { start, end } = document.locate(steps, 'value')
      const { line, col } = document.lines.linePos(start)
      const length = Math.max(1, Math.min(80, end - start))
      const key = formatPath(steps)
      return { file, line: Math.max(1, line), column: Math.max(1, col), length, key, message }
    })
    .sort((a, b) => a.line - b.line || a.column - b.column)
}

/**
 * Reads a file of YAML or JSON; `-` is standard input.
 * @throws ConfigError with every mistake and its line; UsageError when it is too large
 */
export async function readRegistryFile(name: string): Promise<RegistryFile> {
  const file = name === '-' ? 'standard input' : name
  const text = name === '-' ? await readStream(process.stdin) : await readFile(name, 'utf8')
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new UsageError(`${file} has more than ${MAX_BYTES} octets: split it`)
  }
  const document = readDocument(text)
  const { value, problems } = document
  if (problems.length > 0) {
    const placed = problems.map(({ start, end, path, message }) => {
      const { line, col } = document.lines.linePos(start)
      const length = Math.max(1, end - start)
      const key = formatPath(path)
      return { file, line: Math.max(1, line), column: Math.max(1, col), length, key, message }
    })
    throw new ConfigError(placed, { text })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { file, text, document, value }
  }
  throw new UsageError(`${file}: expected a mapping, such as "peerings: [...]"`)
}
