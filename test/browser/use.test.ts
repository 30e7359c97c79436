/** The page in use: what is live, what the keyboard does, what is remembered. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { EventListJson } from '../../src/api/event-schemas.ts'
import { waitFor } from '../interop/support/wait.ts'
import { startBrowser, type Visit, visit } from './support/browser.ts'
import { settled, startLab, startLocked, type Watched } from './support/daemons.ts'
import { startLine } from './support/line.ts'

let browser: Browser
let lab: Watched
let visited: Visit | undefined

beforeAll(async () => {
  browser = await startBrowser()
  lab = await startLab()
})

afterEach(async () => {
  await visited?.close()
  visited = undefined
})

afterAll(async () => {
  await browser?.close()
  await lab?.stop()
})

async function open(hash: string): Promise<Page> {
  visited = await visit(browser, lab.base, { hash })
  return visited.page
}

// The lab mends `mail` after 20 seconds, so this stands first.
test('a verdict changes before one’s eyes, and the stream is resumed after a break', async () => {
  const line = await startLine(lab.base)
  visited = await visit(browser, line.base, { hash: '#/prefixes/mail' })
  const { page } = visited
  await page.locator('.verdict').getByText('Failed').waitFor()
  await page.getByText('Live', { exact: true }).waitFor()
  line.cut()
  await page.getByText('No answer').waitFor()
  line.mend()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.locator('.verdict').getByText('Verified').waitFor({ timeout: 40_000 })
  await page
    .getByText(/missing-community on edge-a ended after/)
    .first()
    .waitFor()
  await page.getByText('It arrives as it must on every expected session.').waitFor()
  await line.close()
})

test('events are held back while paused, and come when it goes on', async () => {
  await settled(lab)
  const page = await open('#/events')
  const rows = page.locator('.events > li')
  await rows.first().waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByText('Paused; 0 new events held back').waitFor()
  const before = await rows.count()
  // The lab goes on for a minute; each of its changes is an event.
  await page.getByText(/Paused; [1-9]\d* new events? held back/).waitFor({ timeout: 45_000 })
  expect(await rows.count()).toBe(before)
  await page.getByRole('button', { name: 'Go on' }).click()
  await waitFor('the newest event to be on top', async () => {
    const { items } = await lab.get<EventListJson>('events?limit=1')
    const newest = items[0]
    const name = newest?.kind === 'prefix' ? newest.name : (newest?.session ?? '')
    return (await rows.first().innerText()).includes(name)
  })
})

test('an event filter is in the address', async () => {
  const page = await open('#/events')
  await page.getByRole('button', { name: 'Sessions' }).click()
  await page.getByLabel('Session name').fill('edge-b')
  await page.waitForURL(/#\/events\?kind=session&session=edge-b$/)
  await waitFor('events of edge-b alone', async () => {
    const whats = await page.locator('.events .what').allInnerTexts()
    return whats.length > 0 && whats.every((what) => what === 'session edge-b')
  })
})

test('prefixes are searched and filtered, and the address holds it', async () => {
  await settled(lab)
  const page = await open('#/prefixes')
  const areNamed = (...names: string[]) =>
    waitFor(`the rows ${names}`, async () => {
      return (await page.locator('td.name a').allInnerTexts()).join() === names.join()
    })
  await page.getByLabel('Name, prefix or owner').fill('contoso')
  await page.waitForURL(/search=contoso/)
  await page.getByText('1 of 13 prefixes').waitFor()
  await areNamed('cdn-part')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByText('13 registered').waitFor()
  await page.getByLabel('Reason').selectOption('private-asn')
  await page.getByText('1 of 13 prefixes').waitFor()
  await areNamed('vpn')
  await page.getByLabel('Reason').selectOption('')
  await page.getByRole('combobox', { name: 'Session' }).selectOption('edge-a')
  await page.getByText('6 of 13 prefixes').waitFor()
  await areNamed('cdn', 'cdn-part', 'web', 'mail', 'voice', 'web-v6')
  await page.reload()
  await page.getByText('6 of 13 prefixes').waitFor()
  await page.getByRole('button', { name: /Verified/ }).click()
  await page.waitForURL(/state=Verified/)
  await page.goBack()
})

test('the matrix leads to the finding, the finding to its session', async () => {
  const page = await open('#/prefixes/vpn')
  const cell = page.getByRole('cell', { name: 'private-asn' }).getByRole('button')
  await cell.click()
  const finding = page.locator(':focus', { hasText: 'the private AS 65001 at position 2' })
  await finding.getByRole('link', { name: 'edge-b' }).click()
  await page.waitForURL(/#\/sessions\/edge-b$/)
  await page.locator('h1', { hasText: 'edge-b' }).waitFor()
})

test('a session’s routes are looked up: exactly, covering, covered, and a mistake is told', async () => {
  // Of the lab's routers this one stays up.
  const page = await open('#/sessions/edge-a')
  const form = page.getByRole('form', { name: 'Look a prefix up' })
  const prefixes = () => page.locator('.routes tbody tr td:first-child').allInnerTexts()
  const lookUp = async (prefix: string, match: string) => {
    await form.getByLabel('Prefix').fill(prefix)
    await form.getByLabel('Match').selectOption(match)
    await form.getByRole('button', { name: 'Look up' }).click()
    await page.waitForURL(new RegExp(`match=${match}`))
  }
  await lookUp('192.0.2.0/26', 'covering')
  await waitFor('the covering route', async () => (await prefixes()).join() === '192.0.2.0/25')
  await lookUp('192.0.2.0/26', 'exact')
  await page.getByText('No route matches.').waitFor()
  await lookUp('192.0.2.0/25', 'covered')
  await waitFor('the more specific route', async () => (await prefixes()).length === 2)
  await lookUp('192.0.2.1/25', 'exact')
  await page.getByText('did you mean 192.0.2.0/25').waitFor()
  expect(await form.getByLabel('Prefix').getAttribute('aria-invalid')).toBe('true')
})

test('what-if is filled in from a prefix, and judges what one makes of it', async () => {
  const page = await open('#/prefixes/voice')
  await page.getByRole('link', { name: 'What if…' }).click()
  await page.getByText('AS path of length 5').first().waitFor()
  await page.getByLabel('AS path').fill('64501 64510')
  await page.getByRole('button', { name: 'Judge it' }).click()
  await page.getByText('Nothing is wrong with it.').waitFor()
  await page.getByLabel('Communities').fill('8075:8007 8075:99999')
  await page.getByRole('button', { name: 'Judge it' }).click()
  const mistake = page.locator('.field', { hasText: 'Communities' }).locator('.failure')
  expect(await mistake.innerText()).toContain('8075:99999')
})

test('everything by keyboard: the way past the menu, the menu, the table', async () => {
  await settled(lab)
  const page = await open('#/')
  await page.getByText('Needs attention').waitFor()
  const focused = page.locator(':focus')
  await page.keyboard.press('Tab')
  expect(await focused.innerText()).toBe('Skip to the content')
  await page.keyboard.press('Enter')
  await page.locator('#main:focus').waitFor()
  await page.keyboard.press('Tab')
  expect(await focused.innerText()).toMatch(/13 prefixes/)
  await page.keyboard.press('Enter')
  // The heading of the new view has the focus: a screen reader says where one is.
  await page.waitForURL(/#\/prefixes$/)
  await waitFor(
    'the heading to have the focus',
    async () => (await focused.innerText()) === 'Prefixes',
  )
  expect(await page.title()).toBe('Prefixes · bgpwarden')
  // Before there is a table the keys lead past it, out of the page.
  await page.getByRole('link', { name: 'cdn', exact: true }).waitFor()
  for (let presses = 0; (await focused.innerText()) !== 'cdn'; presses++) {
    expect(presses).toBeLessThan(20)
    await page.keyboard.press('Tab')
    if (await focused.evaluate((element) => element.matches('input, select'))) {
      await page.keyboard.press('Tab')
    }
  }
  await page.keyboard.press('Enter')
  await page.getByText('overlaps 192.0.2.64/26').first().waitFor()
  await page.locator('h1', { hasText: 'cdn' }).waitFor()
})

test('the choice of colours is kept, also by the documentation', async () => {
  const page = await open('#/')
  const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await back()
  const button = page.getByRole('button', { name: /Colours:/ })
  await button.click()
  expect(await back()).toBe(light)
  await button.click()
  const dark = await back()
  expect(dark).not.toBe(light)
  await page.reload()
  await button.waitFor()
  expect(await back()).toBe(dark)
  await page.goto(`${lab.base}/docs/`)
  expect(await back()).toBe(dark)
})

test('a daemon that wants a token is asked with it', async () => {
  const token = 'page-test-token-0123456789'
  const locked = await startLocked(token)
  try {
    visited = await visit(browser, locked.base)
    const { page } = visited
    const form = page.getByRole('form', { name: 'Token' })
    await form.getByLabel(/answers to those who have a token/).fill(token)
    await form.getByRole('button', { name: 'Use it' }).click()
    await page.getByText('1 session of 1 not Established.').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await form.count()).toBe(0)
    await page.reload()
    await page.getByText('1 session of 1 not Established.').waitFor()
    await page.goto(`${locked.base}/#/sessions/edge-a`)
    await page.getByRole('meter', { name: 'IPv4 prefix limit' }).waitFor()
  } finally {
    await locked.stop()
  }
})
