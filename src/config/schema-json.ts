/**
 * The published JSON Schema, for editors and other programs.
 * `npx tsx src/config/schema-json.ts` writes it to bgpwarden.schema.json.
 */
import { realpathSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { configSchema } from './schema.ts'

/** The part of a JSON Schema that says which keys there are. */
export interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** @returns a JSON Schema (draft 2020-12) of what may stand in the file */
export function configJsonSchema(): JsonSchema {
  return {
    title: 'bgpwarden configuration',
    ...z.toJSONSchema(configSchema, { io: 'input', reused: 'inline' }),
  } as JsonSchema
}

/** Lists of scalars on one line where they fit, as the formatter has them. */
function oneLine(json: string): string {
  return json.replace(/^(.*)\[\n([^[\]{}]*?)\n *\](,?)$/gm, (whole, head, items, comma) => {
    const line = `${head}[${items.trim().replace(/\n */g, ' ')}]${comma}`
    return line.length <= 100 ? line : whole
  })
}

/** @returns the text of bgpwarden.schema.json */
export function configJsonSchemaText(): string {
  return `${oneLine(JSON.stringify(configJsonSchema(), null, 2))}\n`
}

const script = process.argv[1]
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../../bgpwarden.schema.json', import.meta.url), configJsonSchemaText())
}
