import { describe, expect, test } from 'vitest'
import { press } from '../../../src/cli/top/keys.ts'
import { rowsOf } from '../../../src/cli/top/rows.ts'
import { keysOf } from '../../../src/cli/top/screen.ts'
import type { TableName, TopState } from '../../../src/cli/top/state.ts'
import { withEvents } from '../../../src/cli/top/state.ts'
import { events, failedPrefix, NOW } from '../fixtures.ts'
import { liveState, reading } from './fixtures.ts'

const size = { columns: 80, rows: 24, color: false }

function pressAll(state: TopState, keys: readonly string[]): TopState {
  return keys.reduce((now, key) => {
    const after = press(now, key, size, NOW)
    if (after === undefined) throw new Error(`${key} left`)
    return after
  }, state)
}

/** Keys of the rows as they are shown, the selected one in brackets. */
function seen(state: TopState, table: TableName = state.focus): string[] {
  const { shown, selected, key } = rowsOf(state, table)
  return shown.map((row, i) => (i === selected ? `[${key(row as never)}]` : key(row as never)))
}

describe('moving', () => {
  test.for([
    [['down'], ['edge-b', '[edge-a]']],
    [
      ['j', 'j', 'j'],
      ['edge-b', '[edge-a]'],
    ],
    [
      ['j', 'k'],
      ['[edge-b]', 'edge-a'],
    ],
    [['up'], ['[edge-b]', 'edge-a']],
    [['end'], ['edge-b', '[edge-a]']],
    [
      ['G', 'g'],
      ['[edge-b]', 'edge-a'],
    ],
    [
      ['pageDown', 'home'],
      ['[edge-b]', 'edge-a'],
    ],
  ] as const)('%j', ([keys, rows]) => {
    expect(seen(pressAll(liveState(), keys))).toEqual(rows)
  })

  test.for([
    [['tab'], 'prefixes'],
    [['tab', 'tab'], 'events'],
    [['tab', 'tab', 'tab'], 'sessions'],
    [['backTab'], 'events'],
  ] as const)('%j leads to %s', ([keys, table]) => {
    expect(pressAll(liveState(), keys).focus).toBe(table)
  })

  test('the selection stays on its row when rows come and go, and in its place when it goes itself', () => {
    const state = pressAll(liveState(), ['tab', 'down'])
    expect(seen(state)).toEqual(['mail', '[web]', 'voice'])
    const without = (name: string): TopState => ({
      ...state,
      reading: { ...reading, prefixes: reading.prefixes.filter((row) => row.name !== name) },
    })
    expect(seen(without('mail'))).toEqual(['[web]', 'voice'])
    expect(seen(without('web'))).toEqual(['mail', '[voice]'])
  })

  test('new events push the older ones down, under a selection at the top', () => {
    const state = pressAll(liveState(), ['backTab'])
    const later = events.slice(0, 1).map((event) => ({ ...event, id: 9 }))
    expect(seen(withEvents(state, later))).toEqual(['[9]', '4', '3', '2', '1'])
    const moved = pressAll(state, ['down', 'down'])
    expect(seen(withEvents(moved, later))).toEqual(['9', '4', '3', '[2]', '1'])
  })
})

describe('orders', () => {
  test.for([
    [['tab'], ['[mail]', 'web', 'voice']],
    [
      ['tab', 's'],
      ['[voice]', 'mail', 'web'],
    ],
    [
      ['tab', 's', 's'],
      ['[web]', 'mail', 'voice'],
    ],
    [
      ['tab', 's', 's', 's'],
      ['[mail]', 'voice', 'web'],
    ],
    [
      ['tab', 's', 's', 's', 's'],
      ['[mail]', 'web', 'voice'],
    ],
    [['s'], ['[edge-a]', 'edge-b']],
    [
      ['s', 's'],
      ['[edge-b]', 'edge-a'],
    ],
    [
      ['s', 's', 's'],
      ['[edge-a]', 'edge-b'],
    ],
    [
      ['backTab', 's'],
      ['[1]', '2', '3', '4'],
    ],
  ] as const)('%j', ([keys, rows]) => {
    expect(seen(pressAll(liveState(), keys))).toEqual(rows)
  })
})

describe('filters', () => {
  test.for([
    ['edge-b', 'sessions', ['[edge-b]']],
    ['AS64501', 'sessions', ['[edge-a]']],
    ['rack 4', 'sessions', ['[edge-a]']],
    ['established', 'sessions', ['[edge-a]']],
    ['NOT-REC', 'prefixes', ['[mail]']],
    ['contoso', 'prefixes', ['[web]', 'voice']],
    ['2001:db8', 'prefixes', ['[voice]']],
    ['nothing', 'prefixes', []],
    ['edge-b', 'events', ['[4]']],
  ] as const)('/%s in %s', ([text, focus, rows]) => {
    const typed = pressAll(liveState({ focus }), ['/', ...text])
    expect(typed.typing).toBe(true)
    expect(seen(typed)).toEqual(rows)
    const kept = pressAll(typed, ['enter'])
    expect(kept.typing).toBe(false)
    expect(seen(kept)).toEqual(rows)
    expect(seen(pressAll(kept, ['escape']))).toEqual(seen(liveState({ focus })))
  })

  test('q, ? and Backspace are text while it is typed; Esc clears', () => {
    const typed = pressAll(liveState(), ['/', 'q', '?', 's', 'backspace'])
    expect(typed.tables.sessions.filter).toBe('q?')
    const cleared = pressAll(typed, ['escape'])
    expect(cleared).toMatchObject({ typing: false, tables: { sessions: { filter: '' } } })
  })

  test('where there are more prefixes than were read, the daemon searches', () => {
    const state = liveState({ focus: 'prefixes' })
    const more = { ...state, reading: { ...reading, morePrefixes: true } }
    expect(seen(pressAll(more, ['/', 'x']))).toHaveLength(3)
  })
})

describe('pages', () => {
  test.for([
    [['enter'], 'session', 'edge-b'],
    [['tab', 'down', 'enter'], 'prefix', 'web'],
    [['backTab', 'enter'], 'session', 'edge-b'],
    [['backTab', 'down', 'enter'], 'prefix', 'web'],
  ] as const)('%j opens %s %s, and Esc closes it', ([keys, of, name]) => {
    const open = pressAll(liveState(), keys)
    expect(open.view).toEqual({ kind: 'page', of, name, scroll: 0 })
    expect(pressAll(open, ['escape']).view).toEqual({ kind: 'tables' })
  })

  test('scroll no further than to the last line', () => {
    const open = liveState({
      view: { kind: 'page', of: 'prefix', name: 'web', scroll: 0 },
      page: { name: 'web', prefix: failedPrefix },
    })
    const scroll = (keys: readonly string[]) => pressAll(open, keys).view
    expect(scroll(['down', 'down'])).toMatchObject({ scroll: 2 })
    expect(scroll(['up'])).toMatchObject({ scroll: 0 })
    const bottom = scroll(['end'])
    expect(bottom).toEqual(scroll(['pageDown', 'pageDown', 'pageDown', 'pageDown']))
    expect(scroll(['end', 'up', 'down'])).toEqual(bottom)
  })

  test('? opens the help, any key closes it', () => {
    const help = pressAll(liveState(), ['?'])
    expect(help.view).toEqual({ kind: 'help' })
    expect(pressAll(help, ['x']).view).toEqual({ kind: 'tables' })
  })

  test('nothing opens where there is no row', () => {
    expect(pressAll(liveState(), ['/', 'z', 'z', 'enter', 'enter']).view.kind).toBe('tables')
  })
})

describe('leaving', () => {
  test('q leaves from everywhere but a filter, Ctrl-C from there too', () => {
    for (const keys of [[], ['?'], ['enter']]) {
      expect(press(pressAll(liveState(), keys), 'q', size, NOW)).toBeUndefined()
      expect(press(pressAll(liveState(), keys), 'ctrl-c', size, NOW)).toBeUndefined()
    }
    expect(press(pressAll(liveState(), ['/']), 'ctrl-c', size, NOW)).toBeUndefined()
  })
})

describe('keys of the terminal', () => {
  test.for([
    ['', { upArrow: true }, ['up']],
    ['', { tab: true, shift: true }, ['backTab']],
    ['', { tab: true }, ['tab']],
    ['', { return: true }, ['enter']],
    ['', { escape: true, meta: true }, ['escape']],
    ['', { delete: true }, ['backspace']],
    ['c', { ctrl: true }, ['ctrl-c']],
    ['z', { ctrl: true }, []],
    // Typed quickly, or pasted: they come together.
    ['/edge\r', {}, ['/', 'e', 'd', 'g', 'e', 'enter']],
    ['jj\t\u0003', {}, ['j', 'j', 'tab', 'ctrl-c']],
    ['a\u0000\u009bb', {}, ['a', 'b']],
    // Esc and then a key, as fast as Alt and the key.
    ['?', { meta: true }, ['escape', '?']],
  ] as const)('%j with %j', ([input, key, keys]) => {
    expect(keysOf(input, key)).toEqual(keys)
  })
})
