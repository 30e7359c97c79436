/** Is everything well, and if not: which prefix, why, on which session? */

import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import { BarGaugeDisplayMode, VizOrientation } from '@grafana/grafana-foundation-sdk/common'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  areas,
  bars,
  colored,
  curves,
  dashboard,
  now,
  over,
  peering,
  prefixColumn,
  prefixStateColors,
  prefixStates,
  reasonColumn,
  rows,
  sessionColumn,
  sessionStates,
  sessions,
  source,
  stat,
  table,
  thresholds,
  timeline,
  uids,
  url,
} from './parts.ts'

const here = 'instance=~"$instance"'
const onSession = `${here}, session=~"$session"`

const notifications = `bgpwarden_session_notifications_total{${onSession}}`
/** A series begins with its first NOTIFICATION, which `increase` alone would miss. */
const newNotifications = `(${notifications} unless ${notifications} offset $__rate_interval) or increase(${notifications}[$__rate_interval])`

function prefixesByState() {
  const panel = stat('Prefixes by state', {
    span: 12,
    height: 4,
    description:
      'Registered prefixes by the state of their verdict. Failed: at least one error. Pending: no session has sent its table yet.',
  }).withTarget(now(`sum by (state) (bgpwarden_prefixes{${here}})`, '{{state}}'))
  for (const [state, fixedColor] of Object.entries(prefixStateColors)) {
    panel.overrideByName(state, [{ id: 'color', value: { mode: 'fixed', fixedColor } }])
  }
  return panel
}

function failingByReason() {
  return new BarGaugeBuilder()
    .title('Failing by reason')
    .description('Prefixes with an open finding of the reason. A prefix may have several.')
    .datasource(source)
    .span(8)
    .height(9)
    .withTarget(now(`sum by (reason) (bgpwarden_prefixes_failing{${here}}) > 0`, '{{reason}}'))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .min(0)
    .decimals(0)
    .thresholds(thresholds([1, 'red']))
    .noValue('none')
}

/** @returns the dashboard *Overview* */
export function overview(): Dashboard {
  return dashboard(
    uids.overview,
    'bgpwarden / Overview',
    'Which registered prefix does not arrive as it must, why, and on which session.',
  )
    .withVariable(peering())
    .withVariable(sessions())
    .withVariable(url())
    .withPanel(prefixesByState())
    .withPanel(
      stat('Sessions up', {
        span: 6,
        height: 4,
        description:
          'Sessions that are Established, and all that are configured and not shut down.',
      })
        .withTarget(now(`sum(bgpwarden_session_up{${onSession}})`, 'Established'))
        .withTarget(
          now(`count(bgpwarden_session_shutdown{${onSession}} == 0) or vector(0)`, 'expected'),
        ),
    )
    .withPanel(
      stat('Daemons', {
        span: 3,
        height: 4,
        description: 'Daemons that Prometheus scrapes.',
      }).withTarget(now(`sum(up{${here}})`, 'scraped')),
    )
    .withPanel(
      stat('Alerts', { span: 3, height: 4, description: 'Alerts that fire.' })
        .withTarget(
          now(
            'count(ALERTS{alertname=~"Bgpwarden.+", alertstate="firing"}) or vector(0)',
            'firing',
          ),
        )
        .thresholds(thresholds([1, 'red'])),
    )
    .withPanel(
      table(
        'Failing prefixes',
        {
          span: 16,
          height: 9,
          description:
            'Every open finding of every registered prefix, with a link to what it means and how to mend it. Empty is good.',
        },
        { name: 'Name', prefix: 'Prefix', reason: 'Reason', instance: 'Daemon' },
      )
        .withTarget(rows(`bgpwarden_prefix_finding{${here}} == 1`))
        .overrideByName('Name', prefixColumn)
        .overrideByName('Reason', reasonColumn)
        .noValue('No finding is open.'),
    )
    .withPanel(failingByReason())
    .withPanel(
      timeline('Prefixes that were not well', {
        span: 24,
        height: 8,
        description:
          'The state of each prefix that was not Verified at some time within the range.',
      })
        .withTarget(
          over(
            `max by (name) (bgpwarden_prefix_state{${here}}) and on (name) max by (name) (max_over_time(bgpwarden_prefix_state{${here}}[$__range])) > 2`,
            '{{name}}',
          ),
        )
        .mappings(prefixStates)
        .noValue('All prefixes were well.'),
    )
    .withPanel(sessionTable())
    .withPanel(
      timeline('Session states', {
        span: 12,
        height: 8,
        description: 'State of each session (RFC 4271 §8.2.2).',
      })
        .withTarget(over(`max by (session) (bgpwarden_session_state{${onSession}})`, '{{session}}'))
        .mappings(sessionStates),
    )
    .withPanel(
      bars('Flaps and NOTIFICATIONs', {
        span: 12,
        height: 8,
        description:
          'How often a session left Established, and NOTIFICATION messages, in each interval.',
      })
        .withTarget(
          over(
            `increase(bgpwarden_session_flaps_total{${onSession}}[$__rate_interval]) > 0`,
            '{{session}} flap',
          ),
        )
        .withTarget(
          over(
            `sum by (session, direction) (${newNotifications}) > 0`,
            '{{session}} NOTIFICATION {{direction}}',
          ),
        )
        .noValue('None.'),
    )
    .withPanel(
      curves('Update rate', {
        span: 8,
        height: 8,
        description: 'UPDATE messages received a second.',
      })
        .unit('cps')
        .withTarget(
          over(
            `sum by (session) (rate(bgpwarden_session_messages_total{${onSession}, direction="received", type="UPDATE"}[$__rate_interval]))`,
            '{{session}}',
          ),
        ),
    )
    .withPanel(
      curves('Routes held', {
        span: 8,
        height: 8,
        description: 'Routes in the Adj-RIB-In of each session.',
      })
        .unit('short')
        .withTarget(
          over(
            `sum by (session, family) (bgpwarden_session_prefixes{${onSession}})`,
            '{{session}} {{family}}',
          ),
        ),
    )
    .withPanel(
      areas('Announced routes by class', {
        span: 8,
        height: 8,
        description:
          'Routes announced a second. failed: registered, with findings. overlap: not registered, overlaps a registered prefix.',
      })
        .unit('cps')
        .withTarget(
          over(
            `sum by (verdict) (rate(bgpwarden_verdicts_total{${onSession}}[$__rate_interval]))`,
            '{{verdict}}',
          ),
        ),
    )
    .build()
}

function sessionTable() {
  const named = 'session, instance'
  return table(
    'Sessions',
    {
      span: 24,
      height: 8,
      description:
        'Each session with its peer. Limit: how much of maxPrefixes is used, the fuller family; above it the session is closed.',
    },
    {
      session: 'Session',
      peering: 'Peering',
      remote_address: 'Peer',
      remote_as: 'AS',
      description: 'Description',
      'Value #state': 'State',
      'Value #since': 'Established',
      'Value #routes': 'Routes',
      'Value #limit': 'Limit',
      'Value #flaps': 'Flaps, 24 h',
      instance: 'Daemon',
    },
  )
    .withTarget(
      rows(
        `max by (${named}, peering, remote_address, remote_as, description) (bgpwarden_session_info{${onSession}, peering=~"$peering"})`,
      ).refId('info'),
    )
    .withTarget(rows(`max by (${named}) (bgpwarden_session_state{${onSession}})`).refId('state'))
    .withTarget(
      rows(
        `time() - max by (${named}) (bgpwarden_session_established_timestamp_seconds{${onSession}} > 0)`,
      ).refId('since'),
    )
    .withTarget(
      rows(`sum by (${named}) (bgpwarden_session_prefixes{${onSession}})`).refId('routes'),
    )
    .withTarget(
      rows(
        `max by (${named}) (bgpwarden_session_prefixes{${onSession}} / bgpwarden_session_prefix_limit)`,
      ).refId('limit'),
    )
    .withTarget(
      rows(`sum by (${named}) (increase(bgpwarden_session_flaps_total{${onSession}}[24h]))`).refId(
        'flaps',
      ),
    )
    .overrideByName('Session', sessionColumn)
    .overrideByName('State', colored(sessionStates))
    .overrideByName('Established', [{ id: 'unit', value: 'dtdurations' }])
    .overrideByName('Limit', [
      { id: 'unit', value: 'percentunit' },
      { id: 'min', value: 0 },
      { id: 'max', value: 1 },
      { id: 'thresholds', value: thresholds([0.8, 'yellow'], [0.9, 'red']).build() },
      { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } },
    ])
    .overrideByName('Flaps, 24 h', [{ id: 'decimals', value: 0 }])
}
