/** The daemon itself: does it keep up, what does it hold, can it store? */
import {
  BigValueTextMode,
  HeatmapCellLayout,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import {
  areas,
  bars,
  curves,
  dashboard,
  now,
  over,
  rows,
  source,
  stat,
  table,
  thresholds,
  uids,
  url,
  zeroOne,
} from './parts.ts'

const here = 'instance=~"$instance"'

function latencyHeatmap() {
  return new HeatmapBuilder()
    .title('Time to verdict')
    .description(
      'From octets read from a socket to verdict known, a chunk of the stream each: how many took how long.',
    )
    .datasource(source)
    .span(16)
    .height(10)
    .calculate(false)
    .withTarget(
      new DataqueryBuilder()
        .expr(
          `sum by (le) (increase(bgpwarden_verdict_latency_seconds_bucket{${here}}[$__rate_interval]))`,
        )
        .legendFormat('{{le}}')
        .datasource(source)
        .range()
        .format(PromQueryFormat.Heatmap),
    )
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .fill('dark-orange')
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .rowsFrame(new RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .yAxis(new YAxisConfigBuilder().unit('s'))
    .showLegend()
}

function quantiles() {
  const panel = curves('Time to verdict, quantiles', {
    span: 8,
    height: 10,
    description: 'Half of the chunks, 99 of 100, 999 of 1000 took no longer.',
  })
    .unit('s')
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10))
  for (const [share, name] of [
    [0.5, 'half'],
    [0.99, '99 %'],
    [0.999, '99.9 %'],
  ] as const) {
    panel.withTarget(
      over(
        `histogram_quantile(${share}, sum by (le) (rate(bgpwarden_verdict_latency_seconds_bucket{${here}}[$__rate_interval])))`,
        name,
      ),
    )
  }
  return panel
}

function eventLoop() {
  return curves('Event-loop lag', {
    span: 8,
    height: 8,
    description:
      'How late a timer of 10 ms fires between two scrapes (so 10 ms is none): half, 99 of 100, the worst. It delays keepalives and verdicts.',
  })
    .unit('s')
    .withTarget(over(`nodejs_eventloop_lag_p50_seconds{${here}}`, '{{instance}} half'))
    .withTarget(over(`nodejs_eventloop_lag_p99_seconds{${here}}`, '{{instance}} 99 %'))
    .withTarget(over(`nodejs_eventloop_lag_max_seconds{${here}}`, '{{instance}} worst'))
}

function alerts() {
  return table(
    'Alerts',
    {
      span: 24,
      height: 6,
      description: 'Alerts that fire or are about to. What to do at each: the link Alerts above.',
    },
    {
      alertname: 'Alert',
      alertstate: 'State',
      severity: 'Severity',
      session: 'Session',
      name: 'Prefix name',
      prefix: 'Prefix',
      family: 'Family',
      instance: 'Daemon',
    },
  )
    .withTarget(rows('ALERTS{alertname=~"Bgpwarden.+"}'))
    .noValue('None.')
}

/** @returns the dashboard *Daemon health* */
export function daemonHealth(): Dashboard {
  return dashboard(
    uids.daemon,
    'bgpwarden / Daemon health',
    'Does the daemon keep up: latency, event loop, memory, storage.',
  )
    .withVariable(url())
    .withPanel(
      stat('Scraped', { span: 4, height: 4, description: 'Whether Prometheus gets /metrics.' })
        .withTarget(now(`up{${here}}`, '{{instance}}'))
        .mappings(zeroOne(['no', 'red'], ['yes', 'green'])),
    )
    .withPanel(
      stat('Version', { span: 4, height: 4, description: 'The version of bgpwarden that runs.' })
        .withTarget(now(`bgpwarden_build_info{${here}}`, '{{version}}'))
        .textMode(BigValueTextMode.Name),
    )
    .withPanel(
      stat('Runs for', { span: 4, height: 4, description: 'Since the process began.' })
        .withTarget(now(`time() - process_start_time_seconds{${here}}`, '{{instance}}'))
        .unit('dtdurations'),
    )
    .withPanel(
      stat('Processor', {
        span: 4,
        height: 4,
        description: 'Seconds of processor time a second; one thread can take 1.',
      })
        .withTarget(
          now(`rate(process_cpu_seconds_total{${here}}[$__rate_interval])`, '{{instance}}'),
        )
        .unit('percentunit')
        .thresholds(thresholds([0.7, 'yellow'], [0.9, 'red'])),
    )
    .withPanel(
      stat('Memory', { span: 4, height: 4, description: 'Resident memory of the process.' })
        .withTarget(now(`process_resident_memory_bytes{${here}}`, '{{instance}}'))
        .unit('bytes'),
    )
    .withPanel(
      stat('Storage', {
        span: 4,
        height: 4,
        description: 'Whether it can be written, as /readyz says.',
      })
        .withTarget(now(`bgpwarden_storage_up{${here}}`, '{{instance}}'))
        .mappings(zeroOne(['failing', 'red'], ['writable', 'green']))
        .noValue('not configured'),
    )
    .withPanel(latencyHeatmap())
    .withPanel(quantiles())
    .withPanel(eventLoop())
    .withPanel(
      curves('Memory of the process', {
        span: 8,
        height: 8,
        description:
          "Resident: what the machine gives. Heap: V8's objects. External: buffers, tables among them.",
      })
        .unit('bytes')
        .withTarget(over(`process_resident_memory_bytes{${here}}`, '{{instance}} resident'))
        .withTarget(over(`nodejs_heap_size_used_bytes{${here}}`, '{{instance}} heap'))
        .withTarget(over(`nodejs_external_memory_bytes{${here}}`, '{{instance}} external')),
    )
    .withPanel(
      areas('Memory of the routes', {
        span: 8,
        height: 8,
        description:
          "Octets outside V8's heap: the Adj-RIBs-In, attribute sets, the trie of registered prefixes.",
      })
        .unit('bytes')
        .withTarget(over(`sum by (part) (bgpwarden_memory_bytes{${here}})`, '{{part}}')),
    )
    .withPanel(
      areas('Routes held', { span: 8, height: 8, description: 'Over all sessions, by family.' })
        .unit('short')
        .withTarget(over(`sum by (family) (bgpwarden_rib_routes{${here}})`, '{{family}}')),
    )
    .withPanel(
      curves('Attribute sets', {
        span: 8,
        height: 8,
        description: 'Distinct sets of path attributes: routes share them.',
      })
        .unit('short')
        .withTarget(over(`bgpwarden_rib_attribute_sets{${here}}`, '{{instance}}')),
    )
    .withPanel(
      curves('UPDATEs', {
        span: 8,
        height: 8,
        description: 'UPDATE messages received a second, all sessions.',
      })
        .unit('cps')
        .withTarget(
          over(
            `sum by (instance) (rate(bgpwarden_session_messages_total{${here}, direction="received", type="UPDATE"}[$__rate_interval]))`,
            '{{instance}}',
          ),
        ),
    )
    .withPanel(
      bars('Verdict changes and refused connections', {
        span: 8,
        height: 8,
        description:
          'Changes of a verdict, and BGP connections that belonged to no session or were refused, in each interval.',
      })
        .withTarget(
          over(
            `increase(bgpwarden_prefix_events_total{${here}}[$__rate_interval])`,
            'verdict changes',
          ),
        )
        .withTarget(
          over(
            `increase(bgpwarden_refused_connections_total{${here}}[$__rate_interval])`,
            'refused connections',
          ),
        ),
    )
    .withPanel(
      curves('Garbage collection', {
        span: 8,
        height: 8,
        description: 'Seconds a second that V8 spends on it, by kind.',
      })
        .unit('percentunit')
        .withTarget(
          over(
            `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${here}}[$__rate_interval]))`,
            '{{kind}}',
          ),
        ),
    )
    .withPanel(
      curves('Scrape', {
        span: 8,
        height: 8,
        description:
          'How long Prometheus waited for /metrics. The per-prefix series are most of it.',
      })
        .unit('s')
        .withTarget(over(`scrape_duration_seconds{${here}}`, '{{instance}}')),
    )
    .withPanel(alerts())
    .build()
}
