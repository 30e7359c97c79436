/** Figures: several values of one thing, and what they come to. */

export interface Figure {
  /** What was measured, for instance `1x1M / bgpwarden / CPU`. */
  readonly name: string
  readonly unit: string
  /** One value a run. */
  readonly values: readonly number[]
  /** A bound that the median is held against, with the target of the project behind it. */
  readonly target?: Target
}

export interface Target {
  readonly text: string
  readonly atLeast?: number
  readonly atMost?: number
}

/** @returns the middle value, or the mean of the two middle ones; NaN of none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** @returns the value below which `share` of them lie */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  return sorted[at] ?? Number.NaN
}

/** Whether the median reaches the target; undefined where there is none, or nothing was measured. */
export function isMet({ target, values }: Figure): boolean | undefined {
  if (target === undefined || values.length === 0) return undefined
  const value = median(values)
  return value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity)
}

/** A number with three or four significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  return size >= 1 ? value.toFixed(2) : value.toPrecision(3)
}

/** `median (min - max)`, or the value alone when there is but one. */
export function range(values: readonly number[]): string {
  if (values.length < 2) return short(median(values))
  return `${short(median(values))} (${short(Math.min(...values))} - ${short(Math.max(...values))})`
}

/** One line of the report: name, values, and whether the target was met. */
export function describe(figure: Figure): string {
  const met = isMet(figure)
  const verdict =
    met === undefined ? '' : `  ${met ? 'met' : 'MISSED'}: ${figure.target?.text ?? ''}`
  return `${figure.name.padEnd(52)} ${`${range(figure.values)} ${figure.unit}`.padEnd(34)}${verdict}`
}
