/** YAML text to plain values, and back from a key path to its place in the text. */
import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Path } from '../fields/issues.ts'
import { clip, quoted } from '../fields/quoted.ts'
import { isSecret } from './problem.ts'

/** Offsets into the text; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A mistake in the YAML itself. */
export interface DocumentProblem extends Span {
  /** Empty where no key is known. */
  readonly path: Path
  readonly message: string
}

export interface ConfigDocument {
  /** Plain objects, arrays and scalars; undefined when the text is no YAML. */
  readonly value: unknown
  /** Not sorted. */
  readonly problems: readonly DocumentProblem[]
  readonly lines: LineCounter
  /**
   * Where a path stands: its value, or its key. A path that is not there stands where its nearest
   * parent does; a value that came through an alias, where the alias stands.
   */
  locate(path: Path, part: 'key' | 'value'): Span
  /** Offset of a key that the outermost mapping itself has, if that is in block style. */
  blockKey(key: string): number | undefined
  /** Says the value of a path in the words of the file: `1.10` is not 1.1. */
  found(path: Path): string
}

/** A parser of bounded depth, because the composer recurses. */
const MAX_DEPTH = 64
/** Lexical tokens; a registered prefix takes about 40. Bounds memory to about 2 GB at worst. */
const MAX_TOKENS = 12_000_000
/** Values after aliases are expanded, so that a few lines cannot become millions of entries. */
const MAX_VALUES = 5_000_000
/** Code units of a value that are shown. */

/** Why nothing can be made of the text, at an offset. */
class StopReading extends Error {
  override readonly name = 'StopReading'
  readonly start: number

  constructor(message: string, start: number) {
    super(message)
    this.start = start
  }
}

function readTokens(text: string, lines: LineCounter): CST.Token[] {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  const tokens: CST.Token[] = []
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    count++
    if (count > MAX_TOKENS) {
      throw new StopReading(`found more than ${MAX_TOKENS} YAML tokens`, parser.offset)
    }
    if (parser.stack.length > MAX_DEPTH) {
      throw new StopReading(`found more than ${MAX_DEPTH} levels of nesting`, parser.offset)
    }
  }
  for (const token of parser.end()) tokens.push(token)
  return tokens
}

/** Composes the one document of the text. */
function compose(text: string, lines: LineCounter, problems: DocumentProblem[]): Document.Parsed {
  // Repeated keys are found by the converter: the library compares each key with all before it.
  const composer = new Composer({ schema: 'core', uniqueKeys: false, resolveKnownTags: false })
  const tokens = readTokens(text, lines)
  const [first, second] = [...composer.compose(tokens, true, text.length)]
  if (first === undefined) throw new Error('composer made no document')
  for (const mistake of [...first.errors, ...first.warnings]) {
    const [start, end] = mistake.pos
    problems.push({ start, end, path: [], message: `is not valid YAML: ${mistake.message}` })
  }
  if (second !== undefined && problems.length === 0) {
    const start = second.range[0]
    problems.push({ start, end: start, path: [], message: 'found a second document, expected one' })
  }
  return first
}

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0]
  return { start, end: isScalar(node) || isAlias(node) ? end : start }
}

/** What aliases stand for; filled by the converter, in the order of the text. */
type Targets = WeakMap<Alias, Node>

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}

/** @returns the text of a key; undefined when it is a list, a mapping or nothing */
function keyText(key: unknown, targets: Targets): string | undefined {
  const node = isAlias(key) ? targets.get(key) : key
  return isScalar(node) && node.value !== null ? String(node.value) : undefined
}

function setField(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') record[key] = value
  else Object.defineProperty(record, key, { value, enumerable: true, configurable: true })
}

/** Turns nodes into values, in the order of the text. */
function createConverter(problems: DocumentProblem[], targets: Targets, lines: LineCounter) {
  const anchors = new Map<string, { node: Node; value: unknown; size: number }>()
  /** Of what is being converted. */
  const path: PropertyKey[] = []
  let size = 0

  function count(values: number, at: Node): void {
    size += values
    if (size <= MAX_VALUES) return
    throw new StopReading(`found more than ${MAX_VALUES} values`, spanOf(at).start)
  }

  function complain(node: Node, message: string): void {
    problems.push({ ...spanOf(node), path: [...path], message })
  }

  function convertAlias(alias: Alias): unknown {
    const anchor = anchors.get(alias.source)
    if (anchor === undefined) {
      const { start } = spanOf(alias)
      if (path.some((step) => isSecret(String(step)))) {
        throw new StopReading(
          'found an alias without its anchor, expected a secret in quotes',
          start,
        )
      }
      const name = clip(alias.source)
      throw new StopReading(`found *${name}, expected an anchor &${name} before it`, start)
    }
    targets.set(alias, anchor.node)
    count(anchor.size, alias)
    return anchor.value
  }

  /** YAML 1.1 merge: keys of the mapping itself win, then those of earlier mappings. */
  function merge(record: Record<string, unknown>, node: Node, value: unknown): void {
    for (const part of Array.isArray(value) ? value : [value]) {
      if (typeof part !== 'object' || part === null || Array.isArray(part)) {
        complain(node, 'expected an alias of a mapping after <<, or a list of such')
        continue
      }
      for (const [key, field] of Object.entries(part)) {
        if (!Object.hasOwn(record, key)) setField(record, key, field)
      }
    }
  }

  function convertMap(map: YAMLMap<unknown, unknown>): unknown {
    const record: Record<string, unknown> = {}
    const merges: { node: Node; value: unknown }[] = []
    const first = new Map<string, Node>()
    for (const { key, value } of map.items) {
      const keyNode = isNode(key) ? key : map
      if (isAlias(key)) convertAlias(key)
      if (isMergeKey(key)) {
        merges.push({ node: keyNode, value: convert(value, keyNode) })
        continue
      }
      const text = keyText(key, targets)
      if (text === undefined) {
        complain(keyNode, 'found a key that is not text, expected a name')
        continue
      }
      const earlier = first.get(text)
      path.push(text)
      const field = convert(value, keyNode)
      if (earlier === undefined) {
        first.set(text, keyNode)
        setField(record, text, field)
      } else {
        const { line } = lines.linePos(spanOf(earlier).start)
        complain(keyNode, `found this key twice, first on line ${line}, expected it once`)
      }
      path.pop()
    }
    for (const { node, value } of merges) merge(record, node, value)
    return record
  }

  function convertSeq(list: YAMLSeq<unknown>): unknown {
    return list.items.map((item, index) => {
      path.push(index)
      const value = convert(item, list)
      path.pop()
      return value
    })
  }

  function convertContent(node: Node): unknown {
    if (isMap(node)) return convertMap(node)
    if (isSeq(node)) return convertSeq(node)
    return isScalar(node) ? node.value : null
  }

  /** @param parent stands for a node that is not written, as in `{ key }` */
  function convert(node: unknown, parent: Node): unknown {
    if (!isNode(node)) return null
    if (isAlias(node)) return convertAlias(node)
    const before = size
    count(1, parent)
    const value = convertContent(node)
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, value, size: size - before })
    return value
  }

  return convert
}

function describe(node: Node | undefined): string {
  if (isMap(node)) return node.items.length === 0 ? 'an empty mapping' : 'a mapping'
  if (isSeq(node)) return node.items.length === 0 ? 'an empty list' : 'a list'
  if (!isScalar(node) || node.value === null) return 'nothing'
  return typeof node.value === 'string' ? quoted(node.value) : clip(node.source ?? '')
}

function createLocator(root: Node | null, targets: Targets) {
  const known = new WeakMap<YAMLMap, Map<string, Pair>>()
  const target = (node: unknown) => (isAlias(node) ? targets.get(node) : node)

  function addMerged(fields: Map<string, Pair>, value: unknown): void {
    const source = target(value)
    for (const part of isSeq(source) ? source.items : [source]) {
      const map = target(part)
      if (!isMap(map)) continue
      for (const [key, pair] of fieldsOf(map)) if (!fields.has(key)) fields.set(key, pair)
    }
  }

  function fieldsOf(map: YAMLMap): Map<string, Pair> {
    const cached = known.get(map)
    if (cached !== undefined) return cached
    const fields = new Map<string, Pair>()
    known.set(map, fields)
    for (const pair of map.items) {
      const key = isMergeKey(pair.key) ? undefined : keyText(pair.key, targets)
      if (key !== undefined && !fields.has(key)) fields.set(key, pair)
    }
    for (const pair of map.items) if (isMergeKey(pair.key)) addMerged(fields, pair.value)
    return fields
  }

  /** The nodes along a path: as far as they exist, the last one's key, and whether all of it is there. */
  function follow(path: Path): { node: Node | undefined; key: Node | undefined; whole: boolean } {
    let node: Node | undefined = root ?? undefined
    let key: Node | undefined
    for (const step of path) {
      const here = target(node)
      const pair = isMap(here) ? fieldsOf(here).get(String(step)) : undefined
      const next = isSeq(here) ? here.items[Number(step)] : pair?.value
      if (pair === undefined && next === undefined) return { node, key: undefined, whole: false }
      key = isNode(pair?.key) ? pair.key : undefined
      // A value that is not written, as in `{ key }`, stands where its key does.
      node = isNode(next) ? next : key
    }
    return { node, key, whole: true }
  }

  return {
    locate(path: Path, part: 'key' | 'value'): Span {
      const { node, key, whole } = follow(path)
      const chosen = part === 'key' && whole ? (key ?? node) : node
      return chosen === undefined ? { start: 0, end: 0 } : spanOf(chosen)
    },
    blockKey(key: string): number | undefined {
      if (!isMap(root) || root.flow) return undefined
      const pair = root.items.find((item) => isScalar(item.key) && item.key.value === key)
      return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
    },
    found(path: Path): string {
      const { node, key, whole } = follow(path)
      const shown = target(node)
      return describe(whole && isNode(shown) && shown !== key ? shown : undefined)
    },
  }
}

/**
 * Reads YAML 1.2 (core schema; anchors, aliases and merge keys work). Nothing is thrown for bad text:
 * it shows in `problems`, and `value` is then undefined, unless only keys were at fault.
 */
export function readDocument(text: string): ConfigDocument {
  const lines = new LineCounter()
  const problems: DocumentProblem[] = []
  const targets: Targets = new WeakMap()
  let root: Node | null = null
  let value: unknown
  try {
    const document = compose(text, lines, problems)
    if (problems.length === 0) {
      root = document.contents
      if (root !== null) value = createConverter(problems, targets, lines)(root, root)
      else value = null
    }
  } catch (error) {
    if (!(error instanceof StopReading)) throw error
    value = undefined
    problems.push({ start: error.start, end: error.start, path: [], message: error.message })
  }
  return { value, problems, lines, ...createLocator(root, targets) }
}
