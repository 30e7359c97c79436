/** `npm run grafana`: writes grafana/dashboards anew. */
import { writeFileSync } from 'node:fs'
import { dashboards } from './dashboards.ts'

for (const [file, dashboard] of dashboards()) {
  const text = `${JSON.stringify(dashboard, null, 2)}\n`
  writeFileSync(new URL(`../dashboards/${file}`, import.meta.url), text)
}
