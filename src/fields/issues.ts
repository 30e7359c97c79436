/** What a schema found wrong, as sentences with places. */
import type { z } from 'zod'
import { clip, quoted } from './quoted.ts'

/** Keys and list indices from the root. */
export type Path = readonly PropertyKey[]

/** @returns for instance `sessions[2].holdTime` */
export function formatPath(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`
      const key = String(step)
      if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `[${quoted(key)}]`
      return i === 0 ? key : `.${key}`
    })
    .join('')
}

/** The issues of the one alternative of a union whose kind of value was found. */
export function likelyIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return []
  const ofKind = issue.errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  return (ofKind.length === 1 ? ofKind[0] : undefined) ?? []
}

/** Whether a path leads to a value, `null` included. */
export function isThere(value: unknown, path: Path): boolean {
  return walk(value, path).there
}

function walk(value: unknown, path: Path): { there: boolean; value: unknown } {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) {
      return { there: false, value: undefined }
    }
    here = (here as Record<PropertyKey, unknown>)[step]
  }
  return { there: true, value: here }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value !== 'object') return clip(String(value))
  return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping'
}

/** A mistake in a value that somebody sent. */
export interface FieldProblem {
  readonly path: Path
  /** What was found and what was expected. */
  readonly message: string
}

/**
 * Says what a schema of readers.ts found wrong with a value.
 * @param secret keys whose values are not shown
 * @returns in the order of the schema; an unknown key has its own path
 */
export function describeIssues(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  secret: readonly string[] = [],
): FieldProblem[] {
  return issues.flatMap((issue): FieldProblem[] => {
    const { path } = issue
    const likely = likelyIssues(issue)
    if (likely.length > 0) {
      const below = likely.map((each) => ({ ...each, path: [...path, ...each.path] }))
      return describeIssues(value, below, secret)
    }
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }))
    }
    const { there, value: found } = walk(value, path)
    if (!there) return [{ path, message: `is missing, expected ${issue.message}` }]
    const hidden = path.some((step) => secret.includes(String(step)))
    if (issue.code === 'custom' && issue.params?.['expected'] !== true && !hidden) {
      return [{ path, message: issue.message }]
    }
    const shown = hidden ? 'a secret' : describe(found)
    return [{ path, message: `found ${shown}, expected ${issue.message}` }]
  })
}
