/** Grafana's model as far as the dashboards use it, for a JSON Schema to be made of it. */
import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'
import type * as stat from '@grafana/grafana-foundation-sdk/stat'
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import type * as table from '@grafana/grafana-foundation-sdk/table'
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

interface PanelKind<Options, Custom> {
  options: Options
  custom: Custom
}

/** The types of the SDK are generated from Grafana's own schemas. */
export interface GrafanaModel {
  dashboard: Dashboard
  query: Dataquery
  bargauge: PanelKind<bargauge.Options, Record<string, never>>
  heatmap: PanelKind<heatmap.Options, heatmap.FieldConfig>
  stat: PanelKind<stat.Options, Record<string, never>>
  'state-timeline': PanelKind<statetimeline.Options, statetimeline.FieldConfig>
  table: PanelKind<table.Options, table.FieldConfig>
  timeseries: PanelKind<timeseries.Options, timeseries.FieldConfig>
}
