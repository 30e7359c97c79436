/** Timing of small things. */
import { measure } from 'mitata'
import type { Figure } from '../figures.ts'

/**
 * Times a function that does `count` things, often.
 * @returns nanoseconds a thing: fastest, median, 99th percentile
 */
export async function timeOften(name: string, count: number, work: () => unknown): Promise<Figure> {
  const { min, p50, p99 } = await measure(work, { min_cpu_time: 300e6 })
  return { name, unit: 'ns', values: [min, p50, p99].map((each) => each / count) }
}

/**
 * Times work that starts from nothing each time.
 * @param prepare makes the work of one pass; its own time does not count
 * @returns nanoseconds a thing, one value a pass
 */
export function timePasses(
  name: string,
  count: number,
  passes: number,
  prepare: () => () => void,
): Figure {
  const values: number[] = []
  // One pass more: the first one is compiled while it runs.
  for (let pass = 0; pass <= passes; pass++) {
    const work = prepare()
    const began = performance.now()
    work()
    if (pass > 0) values.push(((performance.now() - began) * 1e6) / count)
  }
  return { name, unit: 'ns', values }
}
