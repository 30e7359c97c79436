/** Options of the command line made from the schema of what a command sends. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parse } from 'yaml'
import { z } from 'zod'

/** The parts of a JSON Schema that options are made from. */
interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

type Value = 'text' | 'number' | 'number or text' | 'switch' | 'yaml'

/** One property as an option. */
export interface SpecOption {
  readonly key: string
  /** As it is written, such as `--peer-asn`. */
  readonly flag: string
  readonly value: Value
  readonly list: boolean
  /** Words that the value can be. */
  readonly choices: readonly string[]
  readonly required: boolean
  readonly description: string
  readonly byDefault: unknown
  /** Taken, but not shown by `--help`. */
  readonly hidden?: boolean
}

/** @returns `sessionPrefixV4` as `session-prefix-v4`, `peerSessionIPv4Address` as `peer-session-ipv4-address` */
export function kebab(key: string): string {
  return key
    .replaceAll('IPv', 'Ipv')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}

function kindOfValue({ type, enum: words, anyOf }: Schema): Value {
  if (words !== undefined) return 'text'
  if (anyOf !== undefined) {
    const kinds = new Set(anyOf.filter((each) => each.type !== 'null').map(kindOfValue))
    const [first] = kinds
    if (kinds.size === 1 && first !== undefined) return first
    return kinds.has('number') && kinds.has('text') && kinds.size === 2 ? 'number or text' : 'yaml'
  }
  if (type === 'string') return 'text'
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'boolean' ? 'switch' : 'yaml'
}

function wordsOf(schema: Schema | undefined): string[] {
  return (schema?.enum ?? []).filter((word) => typeof word === 'string')
}

/**
 * Makes options of the properties of a schema.
 * @param schema an object; anything else has no options
 */
export function specOptions(schema: z.ZodType): SpecOption[] {
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
  const objects = [whole, ...(whole.anyOf ?? [])]
  const { properties = {}, required = [] } =
    objects.find((each) => each.properties !== undefined) ?? {}
  return Object.entries(properties).map(([key, property]) => {
    const list = property.type === 'array'
    const item = list ? (property.items ?? {}) : property
    return {
      key,
      flag: `--${kebab(key)}`,
      value: kindOfValue(item),
      list,
      choices: wordsOf(item),
      required: required.includes(key),
      description: property.description ?? '',
      byDefault: property.default,
    }
  })
}

function read(value: Value, text: string): unknown {
  if (value === 'text') return text
  if (value === 'switch') {
    if (/^(yes|true)$/i.test(text)) return true
    if (/^(no|false)$/i.test(text)) return false
    throw new InvalidArgumentError('Expected yes or no.')
  }
  if (value === 'yaml') {
    try {
      return parse(text) as unknown
    } catch {
      throw new InvalidArgumentError('Expected YAML, such as "{ key: value }".')
    }
  }
  if (/^-?\d+$/.test(text)) return Number(text)
  if (value === 'number or text') return text
  throw new InvalidArgumentError('Expected a number.')
}

/** A description without the dot that ends a sentence, as help has them. */
function said({ description, choices, byDefault, list, required }: SpecOption): string {
  const words = description.replace(/\.$/, '')
  // `IPv4` and `AS` stay what they are.
  const first = words.replace(/^[A-Z](?=[a-z ])(?!Pv)/, (letter) => letter.toLowerCase())
  const more = [
    ...(choices.length > 0 && list ? [choices.join(', ')] : []),
    ...(list ? ['may be repeated, or a list with commas'] : []),
    ...(required ? ['needed'] : []),
    ...(byDefault === undefined || list || typeof byDefault === 'object'
      ? []
      : [`default: ${String(byDefault)}`]),
  ]
  return more.length === 0 ? first : `${first} (${more.join('; ')})`
}

const placeholders: Record<Value, string> = {
  text: '<text>',
  number: '<n>',
  'number or text': '<n>',
  switch: '[yes|no]',
  yaml: '<yaml>',
}

/** Adds the options to a command. */
export function addSpecOptions(command: Command, options: readonly SpecOption[]): void {
  for (const each of options) {
    const { flag, value, list, choices } = each
    const option = new Option(`${flag} ${placeholders[value]}`, said(each))
    if (choices.length > 0 && !list) option.choices([...choices])
    else {
      option.argParser((text: string, before: unknown) => {
        if (!list) return read(value, text)
        const items = value === 'yaml' ? [text] : text.split(',').map((item) => item.trim())
        const earlier = Array.isArray(before) ? (before as unknown[]) : []
        return [...earlier, ...items.filter((item) => item !== '').map((item) => read(value, item))]
      })
    }
    command.addOption(option.hideHelp(each.hidden === true))
  }
}

/**
 * What was given of the options, by property.
 * @param given the options as commander names them
 */
export function readSpec(
  options: readonly SpecOption[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const spec: Record<string, unknown> = {}
  for (const { key, flag } of options) {
    const value = given[new Option(flag).attributeName()]
    if (value !== undefined) spec[key] = value
  }
  return spec
}

/** The command line that an example stands for. */
export function exampleOf(
  options: readonly SpecOption[],
  spec: Readonly<Record<string, unknown>>,
): string {
  const shown = (value: unknown) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return /^[\w.:/,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
  }
  return options
    .filter(({ key }) => spec[key] !== undefined)
    .map(({ key, flag, list }) => {
      const value = spec[key]
      const scalars = Array.isArray(value) && value.every((item) => typeof item !== 'object')
      return `${flag} ${shown(list && scalars ? value.join(',') : value)}`
    })
    .join(' ')
}
