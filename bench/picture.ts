/** The picture of growth in docs/performance.md: SVG, drawn from figures, without a library. */
import { type Figure, median, short } from './figures.ts'

const WIDTH = 720
const HEIGHT = 300
const PLOT = { left: 60, top: 46, width: 270, height: 180 }

interface Bar {
  readonly label: string
  readonly value: number
}

/** Bars of one quantity over the points that were measured. */
function plot(x: number, title: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value)) * 1.1
  const step = PLOT.width / bars.length
  const bottom = PLOT.top + PLOT.height
  const drawn = bars.map(({ label, value }, i) => {
    const height = (value / most) * PLOT.height
    const left = x + i * step + step * 0.15
    const middle = x + (i + 0.5) * step
    return `  <rect x="${left.toFixed(1)}" y="${(bottom - height).toFixed(1)}" width="${(step * 0.7).toFixed(1)}" height="${height.toFixed(1)}" fill="#3b7dd8"/>
  <text x="${middle.toFixed(1)}" y="${(bottom - height - 5).toFixed(1)}" text-anchor="middle">${short(value)}</text>
  <text x="${middle.toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${label}</text>`
  })
  return `  <text x="${x}" y="${PLOT.top - 22}" font-weight="bold">${title}, ${unit}</text>
  <line x1="${x}" y1="${bottom}" x2="${x + PLOT.width}" y2="${bottom}" stroke="#888"/>
${drawn.join('\n')}`
}

/** Medians of the growth figures with this last part of their name. */
function bars(figures: readonly Figure[], last: string, wanted: RegExp): Bar[] {
  return figures.flatMap(({ name, values }) => {
    const [scenario, point = '', what] = name.split(' / ')
    if (scenario !== 'growth' || what !== last || !wanted.test(point)) return []
    return [{ label: point.replace(' routes', ''), value: median(values) }]
  })
}

/** @returns undefined when growth was not measured by any of the runs; the first that did is drawn */
export function drawGrowth(
  runs: readonly {
    readonly figures: readonly Figure[]
    readonly machine: string
    readonly node: string
  }[],
): string | undefined {
  const results = runs.find(({ figures }) => figures.some(({ name }) => name.startsWith('growth')))
  if (results === undefined) return undefined
  const { figures } = results
  const time = bars(figures, 'CPU a route', /^\S+ [kM] routes$/)
  const space = bars(figures, 'memory a route', /^\S+ [kM] routes$/)
  const caption =
    'Cost a route by routes held; each point a fresh daemon, compiling its hot path included.'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
  <title>CPU and memory a route, by routes held</title>
  <rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${plot(PLOT.left, 'CPU a route', 'ns', time)}
${plot(PLOT.left + PLOT.width + 70, 'Memory a route', 'octets', space)}
  <text x="${PLOT.left}" y="${HEIGHT - 34}" fill="#444">${caption}</text>
  <text x="${PLOT.left}" y="${HEIGHT - 16}" fill="#444">${results.machine}, Node ${results.node}</text>
</svg>
`
}
