/** Every view, on a desk and on a phone, light and dark: shown whole, without complaint, open to everybody. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { desktop, phone, startBrowser, type Visit, violationsOf, visit } from './support/browser.ts'
import { settled, startLab, type Watched } from './support/daemons.ts'

const views = [
  ['overview', '#/', 'Needs attention'],
  ['prefixes', '#/prefixes', 'cdn-part'],
  ['prefixes, filtered', '#/prefixes?state=Failed&search=203.0', 'voice'],
  ['a prefix that fails', '#/prefixes/odd', 'ORIGIN is malformed'],
  ['a prefix on two sessions', '#/prefixes/web', 'Sessions and checks'],
  ['a prefix that is not', '#/prefixes/nobody', 'No registered prefix has the name'],
  ['sessions', '#/sessions', 'test router lab/edge-b.yaml'],
  ['a session', '#/sessions/edge-b', 'Capabilities of the peer'],
  // Of the lab's routers this one stays up.
  ['a look-up', '#/sessions/edge-a?prefix=192.0.2.0/26&match=covering', '192.0.2.0/25'],
  ['events', '#/events', 'Established with AS 64501'],
  ['what if', '#/explain', 'The neighbour first'],
  [
    'what if, answered',
    '#/explain?prefix=203.0.113.32/27&asPath=64501+64501&communities=8075:1',
    'as-path-prepended',
  ],
  ['nowhere', '#/elsewhere', 'leads nowhere'],
] as const

const screens = [
  { name: 'desk, light', viewport: desktop, colorScheme: 'light' },
  { name: 'desk, dark', viewport: desktop, colorScheme: 'dark' },
  { name: 'phone, light', viewport: phone, colorScheme: 'light' },
] as const

let browser: Browser
let lab: Watched

beforeAll(async () => {
  browser = await startBrowser()
  lab = await startLab()
  await settled(lab)
})

afterAll(async () => {
  await browser?.close()
  await lab?.stop()
})

/** The daemon says 404 to what is not, and Chromium tells the console: no mistake of the page. */
function expected(complaint: string): boolean {
  return /status of 404/.test(complaint)
}

/** What is wider than the screen makes a phone scroll sideways. */
async function overflow({ page }: Visit): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
}

describe.for(screens)('$name', ({ viewport, colorScheme }) => {
  let visited: Visit

  beforeAll(async () => {
    visited = await visit(browser, lab.base, { viewport, colorScheme })
  })

  afterAll(() => visited.close())

  test.for(views)('%s', async ([, hash, text]) => {
    const { page, complaints } = visited
    await page.goto(`${lab.base}/${hash}`)
    await page.getByText(text).first().waitFor()
    // What was shown before is dimmed until what was asked for is there.
    await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' })
    expect(await violationsOf(page)).toEqual([])
    expect(complaints.splice(0).filter((each) => !expected(each))).toEqual([])
    expect(await overflow(visited)).toBe(0)
  })
})

test('the documentation of a reason, from a finding', async () => {
  const { page, complaints, close } = await visit(browser, lab.base, { hash: '#/prefixes/voice' })
  const link = page.getByRole('link', { name: 'as-path-too-long' }).first()
  const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()])
  await opened.getByRole('heading', { level: 1, name: 'as-path-too-long' }).waitFor()
  expect(new URL(opened.url()).pathname).toBe('/docs/findings/as-path-too-long')
  expect(await violationsOf(opened)).toEqual([])
  await opened.getByRole('link', { name: 'Documentation' }).click()
  await opened.getByRole('link', { name: 'HTTP API' }).waitFor()
  expect(await violationsOf(opened)).toEqual([])
  expect(complaints).toEqual([])
  await close()
})
