/** One session: is it up, since when, what does it carry, why did it go down? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { ErrorCode } from '../../src/wire/codes.ts'
import { describeError } from '../../src/wire/errors.ts'
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
  prefixStates,
  rows,
  session,
  sessionStates,
  stat,
  table,
  thresholds,
  timeline,
  uids,
  url,
  zeroOne,
} from './parts.ts'

const here = 'instance=~"$instance", session="$session"'

/** NOTIFICATION codes (RFC 4271 §4.5) in words. */
const errorCodes = [
  {
    type: MappingType.ValueToText as const,
    options: Object.fromEntries(
      Object.values(ErrorCode).map((code) => [code, { text: `${code} ${describeError(code, 0)}` }]),
    ),
  },
]

function facts() {
  return table(
    'Session',
    {
      span: 24,
      height: 3,
      description:
        'Whom the daemon speaks with, by configuration; the router ID is that of the last OPEN.',
    },
    {
      session: 'Session',
      peering: 'Peering',
      remote_address: 'Peer',
      remote_as: 'AS',
      local_as: 'Our AS',
      router_id: "Peer's router ID",
      description: 'Description',
      instance: 'Daemon',
    },
  ).withTarget(rows(`bgpwarden_session_info{${here}}`))
}

function messages(direction: 'received' | 'sent') {
  return curves(`Messages ${direction}`, {
    span: 6,
    height: 8,
    description: `BGP messages ${direction} a second, by type.`,
  })
    .unit('cps')
    .withTarget(
      over(
        `sum by (type) (rate(bgpwarden_session_messages_total{${here}, direction="${direction}"}[$__rate_interval]))`,
        '{{type}}',
      ),
    )
}

function notifications() {
  return table(
    'NOTIFICATIONs',
    {
      span: 12,
      height: 8,
      description:
        'How a connection ended, by code and subcode (RFC 4271 §4.5), since the daemon began.',
    },
    { direction: 'Direction', code: 'Code', subcode: 'Subcode', Value: 'How often' },
  )
    .withTarget(
      rows(`sum by (direction, code, subcode) (bgpwarden_session_notifications_total{${here}})`),
    )
    .overrideByName('Code', [{ id: 'mappings', value: errorCodes }])
    .noValue('None.')
}

function missing() {
  return table(
    'Prefixes that are not here',
    {
      span: 12,
      height: 8,
      description:
        'Registered prefixes that are expected on this session and are not in its Adj-RIB-In. Empty is good.',
    },
    { name: 'Name', prefix: 'Prefix' },
  )
    .withTarget(rows(`bgpwarden_prefix_received{${here}} == 0`))
    .overrideByName('Name', prefixColumn)
    .noValue('All that is expected is here.')
}

/** @returns the dashboard *Session* */
export function sessionDashboard(): Dashboard {
  return dashboard(
    uids.session,
    'bgpwarden / Session',
    'One BGP session: its state, what it carries, and how it ended.',
  )
    .withVariable(peering())
    .withVariable(session())
    .withVariable(url())
    .withPanel(facts())
    .withPanel(
      stat('State', { span: 4, height: 4, description: 'State of the session (RFC 4271 §8.2.2).' })
        .withTarget(now(`max(bgpwarden_session_state{${here}})`, 'state'))
        .mappings(sessionStates),
    )
    .withPanel(
      stat('Established', { span: 4, height: 4, description: 'How long it has been Established.' })
        .withTarget(
          now(
            `time() - max(bgpwarden_session_established_timestamp_seconds{${here}} > 0)`,
            'since',
          ),
        )
        .unit('dtdurations')
        .noValue('not'),
    )
    .withPanel(
      stat('Last message', {
        span: 4,
        height: 4,
        description: 'How long ago the peer was heard. Near the hold time it is about to be lost.',
      })
        .withTarget(
          now(`time() - max(bgpwarden_session_last_message_timestamp_seconds{${here}} > 0)`, 'ago'),
        )
        .unit('dtdurations')
        .thresholds(thresholds([60, 'yellow'], [90, 'red']))
        .noValue('never'),
    )
    .withPanel(
      stat('Flaps, 24 h', {
        span: 4,
        height: 4,
        description: 'How often it left Established within a day.',
      })
        .withTarget(now(`sum(increase(bgpwarden_session_flaps_total{${here}}[24h]))`, 'flaps'))
        .decimals(0)
        .thresholds(thresholds([1, 'yellow'], [3, 'red'])),
    )
    .withPanel(
      stat('Limit used', {
        span: 4,
        height: 4,
        description:
          'How much of maxPrefixes is used, by family. Above 100 % the daemon closes the session.',
      })
        .withTarget(
          now(
            `max by (family) (bgpwarden_session_prefixes{${here}} / bgpwarden_session_prefix_limit)`,
            '{{family}}',
          ),
        )
        .unit('percentunit')
        .decimals(0)
        .thresholds(thresholds([0.8, 'yellow'], [0.9, 'red']))
        .noValue('no limit'),
    )
    .withPanel(
      stat('Initial table', {
        span: 4,
        height: 4,
        description:
          'Whether the initial table is whole: End-of-RIB came, or convergenceSeconds are over. Until then nothing is missing.',
      })
        .withTarget(
          now(`min by (family) (bgpwarden_session_table_complete{${here}})`, '{{family}}'),
        )
        .mappings(zeroOne(['waited for', 'blue'], ['whole', 'green'])),
    )
    .withPanel(
      timeline('State over time', {
        span: 24,
        height: 4,
        description: 'State of the session (RFC 4271 §8.2.2).',
      })
        .withTarget(over(`max(bgpwarden_session_state{${here}})`, 'state'))
        .mappings(sessionStates),
    )
    .withPanel(
      timeline('End-of-RIB', {
        span: 24,
        height: 4,
        description:
          'Whether the peer has said End-of-RIB since the session is Established. Without, each reset means convergenceSeconds of Pending.',
      })
        .withTarget(over(`max by (family) (bgpwarden_session_end_of_rib{${here}})`, '{{family}}'))
        .mappings(zeroOne(['not yet', 'orange'], ['came', 'green'])),
    )
    .withPanel(
      curves('Routes held', {
        span: 12,
        height: 8,
        description: 'Routes in the Adj-RIB-In, and maxPrefixes where it is set.',
      })
        .unit('short')
        .withTarget(over(`sum by (family) (bgpwarden_session_prefixes{${here}})`, '{{family}}'))
        .withTarget(
          over(`max by (family) (bgpwarden_session_prefix_limit{${here}})`, '{{family}} limit'),
        )
        .overrideByRegexp('/limit/', [
          { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
          { id: 'custom.fillOpacity', value: 0 },
          { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
        ]),
    )
    .withPanel(
      curves('Route changes', {
        span: 12,
        height: 8,
        description: 'Routes announced and withdrawn a second.',
      })
        .unit('cps')
        .withTarget(
          over(
            `sum by (family, action) (rate(bgpwarden_session_routes_total{${here}}[$__rate_interval]))`,
            '{{family}} {{action}}',
          ),
        ),
    )
    .withPanel(missing())
    .withPanel(notifications())
    .withPanel(messages('received'))
    .withPanel(messages('sent'))
    .withPanel(
      areas('Announced routes by class', {
        span: 6,
        height: 8,
        description:
          'Routes announced a second. failed: registered, with findings. overlap: not registered, overlaps a registered prefix.',
      })
        .unit('cps')
        .withTarget(
          over(
            `sum by (verdict) (rate(bgpwarden_verdicts_total{${here}}[$__rate_interval]))`,
            '{{verdict}}',
          ),
        ),
    )
    .withPanel(
      bars('Malformed UPDATEs', {
        span: 6,
        height: 8,
        description:
          'UPDATEs with errors, by what RFC 7606 does with them. treat-as-withdraw loses routes, session-reset the session.',
      }).withTarget(
        over(
          `sum by (treatment) (increase(bgpwarden_session_update_errors_total{${here}}[$__rate_interval]))`,
          '{{treatment}}',
        ),
      ),
    )
    .withPanel(
      table(
        'Prefixes expected here',
        {
          span: 24,
          height: 8,
          description:
            'Every registered prefix that this session ought to carry, with its verdict over all its sessions.',
        },
        { name: 'Name', prefix: 'Prefix', 'Value #received': 'Here', 'Value #state': 'Verdict' },
      )
        .withTarget(
          rows(`max by (name, prefix) (bgpwarden_prefix_received{${here}})`).refId('received'),
        )
        .withTarget(
          rows(
            `max by (name, prefix) (bgpwarden_prefix_state{instance=~"$instance"}) and on (name) bgpwarden_prefix_received{${here}}`,
          ).refId('state'),
        )
        .overrideByName('Name', prefixColumn)
        .overrideByName('Here', colored(zeroOne(['missing', 'red'], ['received', 'green'])))
        .overrideByName('Verdict', colored(prefixStates)),
    )
    .build()
}
