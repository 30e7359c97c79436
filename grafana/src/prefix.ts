/** One registered prefix: its verdict, the open findings, where it is received, how it was before. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  colored,
  dashboard,
  now,
  over,
  prefix,
  prefixStates,
  reasonColumn,
  rows,
  sessionColumn,
  sessionStates,
  stat,
  table,
  thresholds,
  timeline,
  uids,
  url,
  zeroOne,
} from './parts.ts'

const here = 'instance=~"$instance", name="$prefix"'
const open = zeroOne(['none', 'transparent'], ['open', 'red'])
const received = zeroOne(['missing', 'red'], ['received', 'green'])

function findings() {
  return table(
    'Open findings',
    {
      span: 12,
      height: 8,
      description:
        'Why it is not Verified, with a link to what each reason means and how to mend it. Sentences and evidence: bgpwarden prefix show, or the page of the daemon.',
    },
    { reason: 'Reason', prefix: 'Prefix', instance: 'Daemon' },
  )
    .withTarget(rows(`bgpwarden_prefix_finding{${here}} == 1`))
    .overrideByName('Reason', reasonColumn)
    .noValue('No finding is open.')
}

function bySession() {
  return table(
    'Expected sessions',
    {
      span: 12,
      height: 8,
      description: 'Sessions that ought to carry the prefix, whether they do, and their state.',
    },
    { session: 'Session', 'Value #received': 'Prefix', 'Value #state': 'Session state' },
  )
    .withTarget(rows(`max by (session) (bgpwarden_prefix_received{${here}})`).refId('received'))
    .withTarget(
      rows(
        `max by (session) (bgpwarden_session_state{instance=~"$instance"}) and on (session) bgpwarden_prefix_received{${here}}`,
      ).refId('state'),
    )
    .overrideByName('Session', sessionColumn)
    .overrideByName('Prefix', colored(received))
    .overrideByName('Session state', colored(sessionStates))
}

/** @returns the dashboard *Prefix* */
export function prefixDashboard(): Dashboard {
  return dashboard(
    uids.prefix,
    'bgpwarden / Prefix',
    'One registered prefix: does it arrive as it must, and if not, why, where and since when.',
  )
    .time({ from: 'now-6h', to: 'now' })
    .withVariable(prefix())
    .withVariable(url())
    .withPanel(
      stat('Verdict', {
        span: 6,
        height: 4,
        description: 'State of the prefix over all its expected sessions.',
      })
        .withTarget(now(`max by (prefix) (bgpwarden_prefix_state{${here}})`, '{{prefix}}'))
        .mappings(prefixStates),
    )
    .withPanel(
      stat('Reasons', {
        span: 4,
        height: 4,
        description: 'Distinct reasons for which it is not Verified.',
      })
        .withTarget(now(`sum(bgpwarden_prefix_finding{${here}})`, 'reasons'))
        .thresholds(thresholds([1, 'red'])),
    )
    .withPanel(
      stat('Received on', {
        span: 4,
        height: 4,
        description: 'Sessions that carry it, and all that ought to.',
      })
        .withTarget(now(`sum(bgpwarden_prefix_received{${here}})`, 'sessions'))
        .withTarget(now(`count(bgpwarden_prefix_received{${here}})`, 'expected')),
    )
    .withPanel(
      stat('Verified, share of the time', {
        span: 5,
        height: 4,
        description: 'How much of the time range it was Verified.',
      })
        .withTarget(
          now(
            `avg(avg_over_time((bgpwarden_prefix_state{${here}} == bool 2)[$__range:]))`,
            'share',
          ),
        )
        .unit('percentunit')
        .decimals(1),
    )
    .withPanel(
      stat('Changes', {
        span: 5,
        height: 4,
        description:
          'How often its state changed within the time range, as often as Prometheus looked.',
      })
        .withTarget(now(`sum(changes(bgpwarden_prefix_state{${here}}[$__range]))`, 'changes'))
        .decimals(0),
    )
    .withPanel(findings())
    .withPanel(bySession())
    .withPanel(
      timeline('Verdict over time', {
        span: 24,
        height: 5,
        description: 'The state of the prefix.',
      })
        .withTarget(over(`max by (prefix) (bgpwarden_prefix_state{${here}})`, '{{prefix}}'))
        .mappings(prefixStates),
    )
    .withPanel(
      timeline('Findings over time', {
        span: 24,
        height: 8,
        description: 'Each reason that was open at some time within the range.',
      })
        .withTarget(
          over(
            `max by (reason) (bgpwarden_prefix_finding{${here}}) and on (reason) max by (reason) (max_over_time(bgpwarden_prefix_finding{${here}}[$__range])) == 1`,
            '{{reason}}',
          ),
        )
        .mappings(open)
        .noValue('No finding was open.'),
    )
    .withPanel(
      timeline('Received over time', {
        span: 24,
        height: 8,
        description: 'Whether each expected session carried it.',
      })
        .withTarget(over(`max by (session) (bgpwarden_prefix_received{${here}})`, '{{session}}'))
        .mappings(received),
    )
    .withPanel(
      timeline('Its sessions over time', {
        span: 24,
        height: 8,
        description: 'The states of the expected sessions: what is down can carry nothing.',
      })
        .withTarget(
          over(
            `max by (session) (bgpwarden_session_state{instance=~"$instance"}) and on (session) bgpwarden_prefix_received{${here}}`,
            '{{session}}',
          ),
        )
        .mappings(sessionStates),
    )
    .build()
}
