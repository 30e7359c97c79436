import { describe, expect, test } from 'vitest'
import { type Action, EventType, type MachineEvent } from '../../src/session/events.ts'
import { createMachine, type Machine, step } from '../../src/session/machine.ts'
import { SessionState, stateName } from '../../src/session/types.ts'

const cease = { code: 6, subcode: 2, data: Uint8Array.of() }
const collision = { code: 6, subcode: 7, data: Uint8Array.of() }
const header = { code: 1, subcode: 2, data: Uint8Array.of(0, 18) }
const badOpen = { code: 2, subcode: 2, data: Uint8Array.of() }
const badUpdate = { code: 3, subcode: 1, data: Uint8Array.of() }

/** Every event, with what it brings. */
const events: Record<string, MachineEvent> = {
  '1 ManualStart': { type: EventType.manualStart },
  '2 ManualStop': { type: EventType.manualStop, notice: cease },
  '3 AutomaticStart': { type: EventType.automaticStart },
  '4 ManualStart_with_Passive': { type: EventType.manualStartPassive },
  '5 AutomaticStart_with_Passive': { type: EventType.automaticStartPassive },
  '6 AutomaticStart_with_Damp': { type: EventType.automaticStartDamped },
  '7 AutomaticStart_with_Damp_and_Passive': { type: EventType.automaticStartDampedPassive },
  '8 AutomaticStop': { type: EventType.automaticStop, notice: cease },
  '9 ConnectRetryTimer_Expires': { type: EventType.connectRetryTimerExpires },
  '10 HoldTimer_Expires': { type: EventType.holdTimerExpires },
  '11 KeepaliveTimer_Expires': { type: EventType.keepaliveTimerExpires },
  '12 DelayOpenTimer_Expires': { type: EventType.delayOpenTimerExpires },
  '13 IdleHoldTimer_Expires': { type: EventType.idleHoldTimerExpires },
  '14 TcpConnection_Valid': { type: EventType.tcpConnectionValid },
  '15 Tcp_CR_Invalid': { type: EventType.tcpConnectionInvalid },
  '16 Tcp_CR_Acked': { type: EventType.tcpConnectionAcked },
  '17 TcpConnectionConfirmed': { type: EventType.tcpConnectionConfirmed },
  '18 TcpConnectionFails': { type: EventType.tcpConnectionFails },
  '19 BGPOpen': { type: EventType.open, holdTime: 90, keepaliveTime: 30 },
  '20 BGPOpen_with_DelayOpenTimer': {
    type: EventType.openWithDelayOpenTimer,
    holdTime: 90,
    keepaliveTime: 30,
  },
  '21 BGPHeaderErr': { type: EventType.headerError, notice: header },
  '22 BGPOpenMsgErr': { type: EventType.openMessageError, notice: badOpen },
  '23 OpenCollisionDump': { type: EventType.openCollisionDump, notice: collision },
  '24 NotifMsgVerErr': { type: EventType.notificationVersionError },
  '25 NotifMsg': { type: EventType.notification },
  '26 KeepAliveMsg': { type: EventType.keepalive },
  '27 UpdateMsg': { type: EventType.update },
  '28 UpdateMsgErr': { type: EventType.updateMessageError, notice: badUpdate },
  '29 SendHoldTimer_Expires': { type: EventType.sendHoldTimerExpires },
  'ROUTE-REFRESH': { type: EventType.routeRefresh },
}

const shortNames: Partial<Record<Action['do'], string>> = {
  startConnectRetryTimer: 'retry',
  stopConnectRetryTimer: 'retry=0',
  startDelayOpenTimer: 'delay',
  stopDelayOpenTimer: 'delay=0',
  restartHoldTimer: 'hold',
  stopHoldTimer: 'hold=0',
  restartKeepaliveTimer: 'keepalive',
  startIdleHoldTimer: 'damp',
  sendOpen: 'OPEN',
  sendKeepalive: 'KEEPALIVE',
  deliverUpdate: 'process',
  deleteRoutes: 'delete',
}

function actionText(action: Action): string {
  switch (action.do) {
    case 'sendNotification': {
      const { code, subcode, data } = action.notice
      return `${code}/${subcode}${data.length > 0 ? `:${[...data].join('.')}` : ''}`
    }
    case 'startHoldTimer':
      return `hold=${action.seconds}`
    case 'startKeepaliveTimer':
      return `keepalive=${action.seconds}`
    default:
      return shortNames[action.do] ?? action.do
  }
}

/** The counter before each event. */
const COUNTER = 5

/** `Idle+1 6/2 release`: next state, what becomes of ConnectRetryCounter, actions in order. */
function run(machine: Machine, event: MachineEvent): string {
  const { next, actions } = step(machine, event)
  const count = next.connectRetryCounter
  const counted = count === COUNTER ? '' : count === 0 ? ':0' : `+${count - COUNTER}`
  return [`${stateName(next.state)}${counted}`, ...actions.map(actionText)].join(' ')
}

function machineIn(state: SessionState, changes: Partial<Machine> = {}): Machine {
  const holdTime = state >= SessionState.OpenConfirm ? 90 : 0
  return {
    ...createMachine({ delayOpen: false, passive: false }),
    state,
    connectRetryCounter: COUNTER,
    holdTime,
    ...changes,
  }
}

const columns = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const
type Row = readonly [string, string, string, string, string, string]

// RFC 4271 §8.2.2, a row an event, a column a state; the notes name the cells that depart from it.
const ignored: Row = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']
const open = 'OpenSent retry=0 delay=0 OPEN hold=240'
const fail = 'Idle+1 release damp'
const lose = 'Idle+1 delete release damp'

const table: Record<keyof typeof events, Row> = {
  '1 ManualStart': ['Connect:0 retry connect', ...tail(ignored)],
  '2 ManualStop': [
    'Idle',
    'Idle:0 release',
    'Idle:0 release',
    'Idle:0 6/2 release',
    'Idle:0 6/2 release',
    'Idle:0 6/2 delete release',
  ],
  '3 AutomaticStart': ['Connect:0 retry connect', ...tail(ignored)],
  '4 ManualStart_with_Passive': ['Active:0 retry', ...tail(ignored)],
  '5 AutomaticStart_with_Passive': ['Active:0 retry', ...tail(ignored)],
  '6 AutomaticStart_with_Damp': ['Idle damp', ...tail(ignored)],
  '7 AutomaticStart_with_Damp_and_Passive': ['Idle damp', ...tail(ignored)],
  '8 AutomaticStop': [
    'Idle',
    fail,
    fail,
    'Idle+1 6/2 release damp',
    'Idle+1 6/2 release damp',
    'Idle+1 6/2 delete release damp',
  ],
  '9 ConnectRetryTimer_Expires': [
    'Idle',
    'Connect drop retry delay=0 connect',
    'Connect retry connect',
    'Idle+1 5/0 release damp',
    'Idle+1 5/0 release damp',
    'Idle+1 5/0 delete release damp',
  ],
  '10 HoldTimer_Expires': [
    'Idle',
    fail,
    fail,
    'Idle+1 4/0 release damp',
    'Idle+1 4/0 release damp',
    'Idle+1 4/0 delete release damp',
  ],
  '11 KeepaliveTimer_Expires': [
    'Idle',
    fail,
    fail,
    'Idle+1 5/0 release damp',
    'OpenConfirm KEEPALIVE keepalive',
    'Established KEEPALIVE keepalive',
  ],
  '12 DelayOpenTimer_Expires': [
    'Idle',
    open,
    open,
    'Idle+1 5/0 release damp',
    'Idle+1 5/0 release damp',
    'Idle+1 5/0 delete release damp',
  ],
  // Idle: the method of damping is left to the implementation; the session starts, still counting.
  '13 IdleHoldTimer_Expires': [
    'Connect retry connect',
    fail,
    fail,
    'Idle+1 5/0 release damp',
    'Idle+1 5/0 release damp',
    'Idle+1 5/0 delete release damp',
  ],
  '14 TcpConnection_Valid': ignored,
  '15 Tcp_CR_Invalid': [
    'Idle',
    'Connect reject',
    'Active reject',
    'OpenSent',
    'OpenConfirm',
    'Established',
  ],
  '16 Tcp_CR_Acked': ['Idle', open, open, 'OpenSent', 'OpenConfirm', 'Established'],
  '17 TcpConnectionConfirmed': ['Idle', open, open, 'OpenSent', 'OpenConfirm', 'Established'],
  // Connect: damped, which the text leaves out, as nothing else would start the session again.
  '18 TcpConnectionFails': [
    'Idle',
    'Idle release damp',
    fail,
    'Active drop hold=0 retry',
    fail,
    lose,
  ],
  '19 BGPOpen': [
    'Idle',
    fail,
    fail,
    'OpenConfirm delay=0 retry=0 KEEPALIVE keepalive=30 hold=90',
    'Idle+1 5/2:1 release damp',
    'Idle+1 5/3:1 delete release damp',
  ],
  '20 BGPOpen_with_DelayOpenTimer': [
    'Idle',
    'OpenConfirm retry=0 delay=0 OPEN KEEPALIVE keepalive=30 hold=90',
    'OpenConfirm retry=0 delay=0 OPEN KEEPALIVE keepalive=30 hold=90',
    'Idle+1 5/1:1 release damp',
    'Idle+1 5/2:1 release damp',
    'Idle+1 5/3:1 delete release damp',
  ],
  // Established: §8.2.2 would say FSM Error, §6.1 asks for the header error's own code.
  '21 BGPHeaderErr': [
    'Idle',
    'Idle+1 1/2:0.18 release damp',
    'Idle+1 1/2:0.18 release damp',
    'Idle+1 1/2:0.18 release damp',
    'Idle+1 1/2:0.18 release damp',
    'Idle+1 1/2:0.18 delete release damp',
  ],
  '22 BGPOpenMsgErr': [
    'Idle',
    'Idle+1 2/2 release damp',
    'Idle+1 2/2 release damp',
    'Idle+1 2/2 release damp',
    'Idle+1 2/2 release damp',
    'Idle+1 5/3:1 delete release damp',
  ],
  '23 OpenCollisionDump': [
    'Idle',
    fail,
    fail,
    'Idle+1 6/7 release damp',
    'Idle+1 6/7 release damp',
    'Idle+1 6/7 delete release damp',
  ],
  // Where the text does not damp, the session would not start again; so it does.
  '24 NotifMsgVerErr': ['Idle', fail, fail, 'Idle release damp', 'Idle release damp', lose],
  // OpenSent: §8.2.2 would answer with FSM Error, §6.4 never answers a NOTIFICATION.
  '25 NotifMsg': ['Idle', fail, fail, fail, fail, lose],
  '26 KeepAliveMsg': [
    'Idle',
    fail,
    fail,
    'Idle+1 5/1:4 release damp',
    'Established hold',
    'Established hold',
  ],
  '27 UpdateMsg': [
    'Idle',
    fail,
    fail,
    'Idle+1 5/1:2 release damp',
    'Idle+1 5/2:2 release damp',
    'Established process hold',
  ],
  '28 UpdateMsgErr': [
    'Idle',
    fail,
    fail,
    'Idle+1 5/1:2 release damp',
    'Idle+1 5/2:2 release damp',
    'Idle+1 3/1 delete release damp',
  ],
  // RFC 9687 §3.1.
  '29 SendHoldTimer_Expires': [
    'Idle',
    fail,
    fail,
    'Idle+1 8/0 release damp',
    'Idle+1 8/0 release damp',
    'Idle+1 8/0 delete release damp',
  ],
  'ROUTE-REFRESH': [
    'Idle',
    fail,
    fail,
    'Idle+1 5/1:5 release damp',
    'Idle+1 5/2:5 release damp',
    'Established hold',
  ],
}

function tail(row: Row): readonly [string, string, string, string, string] {
  const [, ...rest] = row
  return rest
}

function eventNamed(name: string): MachineEvent {
  const event = events[name]
  if (event === undefined) throw new Error(`no event ${name}`)
  return event
}

describe('RFC 4271 §8.2.2, every state and event', () => {
  const cells = Object.entries(table).flatMap(([name, row]) =>
    columns.map((state, i) => ({ name, state, expected: row[i] })),
  )

  test('has a row for every event number', () => {
    const numbers = Object.keys(table).map((name) => eventNamed(name).type)
    expect([...numbers].sort((a, b) => a - b)).toEqual(
      Object.values(EventType).sort((a, b) => a - b),
    )
  })

  test.for(cells)('$state, event $name', ({ name, state, expected }) => {
    expect(run(machineIn(SessionState[state]), eventNamed(name))).toBe(expected)
  })
})

describe('DelayOpen', () => {
  const waiting = { delayOpen: true, delayOpenRunning: true }
  const cells = [
    ['Connect', {}, '16 Tcp_CR_Acked', 'Connect retry=0 delay'],
    ['Connect', {}, '17 TcpConnectionConfirmed', 'Connect retry=0 delay'],
    ['Active', {}, '16 Tcp_CR_Acked', 'Active retry=0 delay'],
    ['Active', {}, '17 TcpConnectionConfirmed', 'Active retry=0 delay'],
    ['Connect', waiting, '12 DelayOpenTimer_Expires', open],
    ['Active', waiting, '12 DelayOpenTimer_Expires', open],
    ['Connect', waiting, '18 TcpConnectionFails', 'Active drop delay=0 retry'],
    ['Active', waiting, '18 TcpConnectionFails', fail],
    ['Connect', waiting, '24 NotifMsgVerErr', 'Idle release damp'],
    ['Active', waiting, '24 NotifMsgVerErr', 'Idle release damp'],
    // Only Active names the Cease that SendNOTIFICATIONwithoutOPEN allows.
    ['Connect', waiting, '2 ManualStop', 'Idle:0 release'],
    ['Active', waiting, '2 ManualStop', 'Idle:0 6/2 release'],
  ] as const

  test.for(cells)('%s %j, event %s', ([state, changes, name, expected]) => {
    const machine = machineIn(SessionState[state], { delayOpen: true, ...changes })
    expect(run(machine, eventNamed(name))).toBe(expected)
  })

  test('the timer counts as running from the connection until the OPEN', () => {
    const connected = step(machineIn(SessionState.Active, { delayOpen: true }), {
      type: EventType.tcpConnectionConfirmed,
    })
    expect(connected.next.delayOpenRunning).toBe(true)
    const opened = step(connected.next, {
      type: EventType.openWithDelayOpenTimer,
      holdTime: 9,
      keepaliveTime: 3,
    })
    expect(opened.next.delayOpenRunning).toBe(false)
    expect(opened.next.holdTime).toBe(9)
  })

  test('a connection whose OPEN tells who the peer is waits for it without being configured so', () => {
    const event = { type: EventType.tcpConnectionConfirmed, awaitOpen: true } as const
    expect(run(machineIn(SessionState.Active), event)).toBe('Active retry=0 delay')
  })
})

describe('hold time 0 (RFC 4271 §4.2): neither timer', () => {
  const zero = { type: EventType.open, holdTime: 0, keepaliveTime: 0 } as const

  test('negotiated in OpenSent', () => {
    expect(run(machineIn(SessionState.OpenSent), zero)).toBe(
      'OpenConfirm delay=0 retry=0 KEEPALIVE hold=0',
    )
  })

  test.for([
    ['OpenConfirm', '26 KeepAliveMsg', 'Established'],
    ['Established', '26 KeepAliveMsg', 'Established'],
    ['Established', '27 UpdateMsg', 'Established process'],
    ['Established', '11 KeepaliveTimer_Expires', 'Established KEEPALIVE'],
  ] as const)('%s, event %s', ([state, name, expected]) => {
    const machine = machineIn(SessionState[state], { holdTime: 0 })
    expect(run(machine, eventNamed(name))).toBe(expected)
  })
})

describe('a session that never opens', () => {
  test.for([
    ['Idle', '4 ManualStart_with_Passive', 'Active:0'],
    ['Idle', '13 IdleHoldTimer_Expires', 'Active'],
    ['Active', '9 ConnectRetryTimer_Expires', 'Active'],
    ['OpenSent', '18 TcpConnectionFails', 'Active drop hold=0'],
  ] as const)('%s, event %s', ([state, name, expected]) => {
    const machine = machineIn(SessionState[state], { passive: true })
    expect(run(machine, eventNamed(name))).toBe(expected)
  })
})
