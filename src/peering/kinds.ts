/** The table of kinds, parents before their children. API, OpenAPI and CLI are made from it. */
import type { Kind } from './kind.ts'

export const kinds: readonly Kind[] = []
