import { expect, test } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { createScreen } from '../../support/screen.ts'

test('without a terminal it refuses, and names the commands that write text', async () => {
  const screen = createScreen()
  expect(await runProgram(['top'], screen, {}, { kinds: [] })).toBe(2)
  expect(screen.errors()).toBe(
    'error: top needs a terminal to draw on and to read keys from. For pipes, files and scripts there are ' +
      '"bgpwarden session list", "bgpwarden prefix list" and "bgpwarden event list --follow", each with --json.\n',
  )
  expect(screen.output()).toBe('')
})

test('--help names the keys', async () => {
  const screen = createScreen()
  expect(await runProgram(['top', '--help'], screen, {}, { kinds: [] })).toBe(0)
  expect(screen.output()).toMatch(/^Usage: bgpwarden top \[options\]$/m)
  expect(screen.output()).toContain(
    'Keys: Tab, arrows, Enter, / to filter, s to sort, ? for help, q to end.',
  )
  expect(screen.output()).not.toContain('--json')
})
