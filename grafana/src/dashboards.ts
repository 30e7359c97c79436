/** All dashboards, by the file that Grafana reads. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { daemonHealth } from './daemon-health.ts'
import { overview } from './overview.ts'
import { numbered } from './parts.ts'
import { prefixDashboard } from './prefix.ts'
import { sessionDashboard } from './session.ts'

/** @returns each dashboard by its file name in grafana/dashboards */
export function dashboards(): ReadonlyMap<string, Dashboard> {
  return new Map([
    ['overview.json', numbered(overview())],
    ['session.json', numbered(sessionDashboard())],
    ['prefix.json', numbered(prefixDashboard())],
    ['daemon-health.json', numbered(daemonHealth())],
  ])
}
