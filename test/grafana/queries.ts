/** Dashboards as their files have them, and every query in them. */
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'

interface ReadPanel extends Omit<Panel, 'targets'> {
  readonly targets: readonly Dataquery[]
}

export interface ReadDashboard extends Omit<Dashboard, 'panels' | 'templating'> {
  readonly panels: readonly ReadPanel[]
  readonly templating: { readonly list: NonNullable<Dashboard['templating']['list']> }
}

/** @param text the contents of a file in grafana/dashboards, which has no rows */
export function asRead(text: string): ReadDashboard {
  return JSON.parse(text) as ReadDashboard
}

export interface Query {
  /** The panel's title, or what else asks. */
  readonly where: string
  readonly kind: 'panel' | 'variable' | 'annotation'
  readonly expr: string
  /** The values now; else over a range. */
  readonly instant: boolean
}

/** @returns the queries of panels, variables and annotations; those of variables as PromQL */
export function queriesOf(dashboard: ReadDashboard): Query[] {
  const panels = dashboard.panels.flatMap(({ title = '', targets }) =>
    targets.map(({ expr, instant = false }) => ({
      where: title,
      kind: 'panel' as const,
      expr,
      instant,
    })),
  )
  const variables = dashboard.templating.list.flatMap(({ name, definition = '' }) => {
    const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
    if (selector === undefined || label === undefined) return []
    const expr = `count by (${label}) (${selector})`
    return [{ where: `$${name}`, kind: 'variable' as const, expr, instant: true }]
  })
  const annotations = (dashboard.annotations.list ?? []).flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ where: name, kind: 'annotation' as const, expr, instant: false }],
  )
  return [...variables, ...annotations, ...panels]
}
