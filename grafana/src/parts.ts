/** What the dashboards are made of: the data source, queries, variables, names of states, links. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type DynamicConfigValue,
  MappingType,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  type Dataquery,
  DataqueryBuilder,
  PromQueryFormat,
} from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { PrefixState } from '../../src/engine/types.ts'
import { SessionState } from '../../src/session/types.ts'

/** What Grafana fills in. */
const filled = (name: string) => `\${${name}}`

/** Whichever Prometheus the reader chooses. */
export const source: DataSourceRef = { type: 'prometheus', uid: filled('datasource') }

/** Where the browser reaches the daemon, for links to its pages. */
const daemonUrl = filled('url')

/** Addresses of the dashboards. */
export const uids = {
  overview: 'bgpwarden-overview',
  session: 'bgpwarden-session',
  prefix: 'bgpwarden-prefix',
  daemon: 'bgpwarden-daemon',
} as const

// ---------------------------------------------------------------- queries

/** A query over the time range. @param legend text with `{{label}}` */
export function over(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(source).range()
}

/** A query for the values now. */
export function now(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(source).instant()
}

/** A query for the values now, as a table of labels. */
export function rows(expr: string): DataqueryBuilder {
  return new DataqueryBuilder()
    .expr(expr)
    .datasource(source)
    .instant()
    .format(PromQueryFormat.Table)
}

// ---------------------------------------------------------------- states in words

function wordsOf(
  numbers: Readonly<Record<string, number>>,
  colors: Readonly<Record<string, string>>,
): ValueMapping[] {
  const options = Object.entries(numbers).map(([text, value], index) => [
    value,
    { text, color: colors[text] ?? 'text', index },
  ])
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }]
}

export const prefixStateColors = {
  None: 'text',
  Pending: 'blue',
  Verified: 'green',
  Warning: 'yellow',
  Failed: 'red',
  Invalid: 'purple',
} as const

/** Values of `bgpwarden_prefix_state` as words with colours. */
export const prefixStates = wordsOf(PrefixState, prefixStateColors)

/** Values of `bgpwarden_session_state` as words with colours. */
export const sessionStates = wordsOf(SessionState, {
  Idle: 'red',
  Connect: 'orange',
  Active: 'orange',
  OpenSent: 'yellow',
  OpenConfirm: 'yellow',
  Established: 'green',
})

/** 0 and 1 as words. */
export function zeroOne(
  zero: readonly [text: string, color: string],
  one: readonly [text: string, color: string],
): ValueMapping[] {
  return wordsOf({ [zero[0]]: 0, [one[0]]: 1 }, { [zero[0]]: zero[1], [one[0]]: one[1] })
}

/** Green, and from each of the values on its colour. */
export function thresholds(
  ...steps: readonly (readonly [value: number, color: string])[]
): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'green' }, ...steps.map(([value, color]) => ({ value, color }))])
}

// ---------------------------------------------------------------- panels

interface Placed {
  /** Of 24 columns. */
  readonly span: number
  /** In units of 30 pixels. */
  readonly height: number
  /** What the numbers mean, for whoever sees the panel first. */
  readonly description: string
}

/** Numbers now, as big as fits. */
export function stat(title: string, { span, height, description }: Placed): StatBuilder {
  return (
    new StatBuilder()
      .title(title)
      .description(description)
      .datasource(source)
      .span(span)
      .height(height)
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
      .graphMode(BigValueGraphMode.None)
      .colorMode(BigValueColorMode.Background)
      .textMode(BigValueTextMode.Auto)
      // Without any of its own Grafana takes 80 for too much, of whatever.
      .thresholds(thresholds())
  )
}

/** Curves; the legend says what each is now. */
export function curves(title: string, { span, height, description }: Placed): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .span(span)
    .height(height)
    .min(0)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
}

/** Areas on top of each other, for parts of a whole. */
export function areas(title: string, placed: Placed): TimeseriesBuilder {
  return curves(title, placed)
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
}

/** Bars, for what happens now and then. */
export function bars(title: string, placed: Placed): TimeseriesBuilder {
  return curves(title, placed).drawStyle(GraphDrawStyle.Bars).fillOpacity(60).decimals(0)
}

/** States as coloured stripes. */
export function timeline(title: string, { span, height, description }: Placed): TimelineBuilder {
  return new TimelineBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .span(span)
    .height(height)
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .perPage(20)
    .legend(new VizLegendOptionsBuilder().showLegend(false))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single))
}

/**
 * A table.
 * @param columns labels and values in order, with the heading of each; what is not named is hidden
 */
export function table(
  title: string,
  { span, height, description }: Placed,
  columns: Readonly<Record<string, string>>,
): TableBuilder {
  const names = Object.keys(columns)
  return new TableBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .span(span)
    .height(height)
    .filterable(true)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'filterFieldsByName',
      options: { include: { names } },
    })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
        excludeByName: {},
        renameByName: columns,
      },
    })
}

// ---------------------------------------------------------------- links

/** What a link to another dashboard takes along. */
const along = ['datasource:queryparam', 'url:queryparam', '__url_time_range'].map(filled).join('&')

/** Properties of a column whose cells lead somewhere. @param url may use `${__value.raw}` */
function linked(title: string, url: string): DynamicConfigValue[] {
  return [{ id: 'links', value: [{ title, url, targetBlank: false }] }]
}

/** Properties of a column whose numbers are states. */
export function colored(mappings: readonly ValueMapping[]): DynamicConfigValue[] {
  return [
    { id: 'mappings', value: mappings },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ]
}

/** A column with the names of sessions. */
export const sessionColumn = linked(
  'The session',
  `/d/${uids.session}?var-session=${filled('__value.raw')}&${along}`,
)

/** A column with the names of prefixes. */
export const prefixColumn = linked(
  'The prefix',
  `/d/${uids.prefix}?var-prefix=${filled('__value.raw')}&${along}`,
)

/** A column with reasons. */
export const reasonColumn = linked(
  'What it means and how to mend it',
  `${daemonUrl}/docs/findings/${filled('__value.raw')}`,
)

// ---------------------------------------------------------------- variables

/** Choices that Prometheus has. @param query `label_values(...)` */
function choices(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
}

const all = { text: ['All'], value: ['$__all'], selected: true }

const instance = () =>
  choices('instance', 'Daemon', 'label_values(bgpwarden_build_info, instance)')
    .multi(true)
    .includeAll(true)
    .current(all)

/** Sessions of the configuration file have no peering: `.*` keeps them. */
export const peering = () =>
  choices(
    'peering',
    'Peering',
    'label_values(bgpwarden_session_info{instance=~"$instance"}, peering)',
  )
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current(all)

export const session = () =>
  choices(
    'session',
    'Session',
    'label_values(bgpwarden_session_info{instance=~"$instance", peering=~"$peering"}, session)',
  )

export const sessions = () => session().multi(true).includeAll(true).current(all)

export const prefix = () =>
  choices('prefix', 'Prefix', 'label_values(bgpwarden_prefix_state{instance=~"$instance"}, name)')

/** Gives panels and queries the numbers and letters that Grafana would. */
export function numbered(dashboard: Dashboard): Dashboard {
  const panels = (dashboard.panels ?? []).map((panel, index) => {
    if (!('targets' in panel)) return panel
    const targets = (panel.targets as Dataquery[]).map((target, place) => ({
      ...target,
      refId: target.refId ?? String.fromCharCode(65 + place),
    }))
    return { ...panel, id: index + 1, targets }
  })
  return { ...dashboard, panels }
}

/** A dashboard with what all of them have: data source, daemon, links, a mark at each start of the daemon. */
export function dashboard(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['bgp', 'bgpwarden'])
    .readonly()
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .withVariable(instance())
    .link(
      new DashboardLinkBuilder('bgpwarden')
        .type(DashboardLinkType.Dashboards)
        .tags(['bgpwarden'])
        .asDropdown(false)
        .includeVars(false)
        .keepTime(true),
    )
    .link(outside('Page of the daemon', `${daemonUrl}/`))
    .link(outside('Findings', `${daemonUrl}/docs/findings`))
    .link(outside('Alerts', `${daemonUrl}/docs/alerts`))
    .annotation(
      new AnnotationQueryBuilder()
        .name('Daemon started')
        .datasource(source)
        .enable(true)
        .iconColor('blue')
        .expr('process_start_time_seconds{instance=~"$instance"} * 1000')
        .useValueForTime(true)
        .titleFormat('bgpwarden started')
        .tagKeys('instance'),
    )
}

function outside(title: string, url: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon('doc')
    .url(url)
    .targetBlank(true)
}

/** Stands last: a reader seldom changes it. */
export const url = () =>
  new TextBoxVariableBuilder('url').label("Daemon's page").defaultValue('http://localhost:9179')
