/** Peerings and their connections, tenants, and a history that is kept: what a daemon with storage shows. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../interop/support/wait.ts'
import { desktop, phone, startBrowser, type Visit, violationsOf, visit } from './support/browser.ts'
import { startLab, startRegistry, type Watched } from './support/daemons.ts'
import { tokensOf } from './support/tokens.ts'

let browser: Browser
let daemon: Watched
let visited: Visit | undefined

beforeAll(async () => {
  browser = await startBrowser()
  daemon = await startRegistry()
})

afterEach(async () => {
  await visited?.close()
  visited = undefined
})

afterAll(async () => {
  await browser?.close()
  await daemon?.stop()
})

async function open(
  hash: string,
  who: keyof typeof tokensOf,
  look: { viewport?: typeof desktop; colorScheme?: 'light' | 'dark' } = {},
): Promise<Page> {
  visited = await visit(browser, daemon.base, { hash, token: tokensOf[who].token, ...look })
  return visited.page
}

/** Shown whole, without complaint, open to everybody. */
async function isSound(page: Page): Promise<void> {
  expect(await violationsOf(page)).toEqual([])
  expect(visited?.complaints).toEqual([])
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  expect(overflow).toBe(0)
}

/** Waits until a locator finds just these texts, in any order. */
async function finds(found: Locator, ...texts: string[]): Promise<void> {
  let last: string[] = []
  await waitFor(
    `${texts}`,
    async () => {
      last = (await found.allInnerTexts()).toSorted()
      return last.join() === texts.toSorted().join()
    },
    { state: () => last },
  )
}

const cellsOf = (page: Page, name: string) =>
  page.locator('.windowed tbody tr', { hasText: name }).locator('td .badge')

describe.for([
  { name: 'desk, light', viewport: desktop, colorScheme: 'light' },
  { name: 'desk, dark', viewport: desktop, colorScheme: 'dark' },
  { name: 'phone, light', viewport: phone, colorScheme: 'light' },
] as const)('$name', ({ viewport, colorScheme }) => {
  test('where connections stand, beside the states of their BGP sessions', async () => {
    const page = await open('#/peerings', 'admin', { viewport, colorScheme })
    await page.getByText('2 peerings, 2 connections').waitFor()
    await finds(cellsOf(page, 'contoso-ams/ams-1'), 'Active', 'Established', 'None')
    await finds(cellsOf(page, 'fabrikam-lon'), 'No connection')
    await page.getByText('The session with 127.0.0.13 is not Established').waitFor()
    await isSound(page)
  })

  test('a peering: connections with their sessions, and registered prefixes', async () => {
    const page = await open('#/peerings/contoso-ams', 'admin', { viewport, colorScheme })
    const session = page.getByRole('row', { name: /^contoso-ams\/ams-1\/ipv4/ })
    await session.getByText('count for verdicts', { exact: true }).waitFor()
    expect(await session.innerText()).toMatch(/Established\s+127\.0\.0\.9\s+127\.0\.0\.10/)
    await page.getByRole('row', { name: /Verified web 198\.51\.100\.0\/25/ }).waitFor()
    await page.getByText('198.51.100.128/25 is not received').waitFor()
    await isSound(page)
  })

  test('virtual networks, and what the session of one announces outside', async () => {
    const page = await open('#/networks', 'admin', { viewport, colorScheme })
    await page.getByText('3 virtual networks').waitFor()
    await finds(cellsOf(page, 'hub'), 'Outside')
    await page.getByText('10.77.0.0/16, outside its address space').waitFor()
    await isSound(page)
  })

  test('a network: its peerings, its session, and whom it reaches', async () => {
    const page = await open('#/networks/hub', 'admin', { viewport, colorScheme })
    await page.getByRole('row', { name: /^to-spoke Connected FullyInSync spoke/ }).waitFor()
    await page.getByRole('row', { name: /^to-lab Initiated/ }).waitFor()
    await page.getByLabel('Does it reach').selectOption('spoke')
    await page.getByText('"hub" reaches "spoke" directly').waitFor()
    await page.getByLabel('Does it reach').selectOption('lab')
    await page.getByText('is Initiated: the side of "lab" is missing').waitFor()
    await isSound(page)
    await page.getByRole('link', { name: 'vnet/hub' }).click()
    await page.getByRole('heading', { name: 'What it announces' }).waitFor()
    await isSound(page)
  })

  test('circuits, and one with its sessions, prefixes and networks', async () => {
    const page = await open('#/circuits', 'admin', { viewport, colorScheme })
    await page.getByText('1 circuit', { exact: true }).waitFor()
    await page.getByText('MicrosoftPeering 0 of 2 Established').waitFor()
    await isSound(page)
    await page.getByRole('link', { name: 'er-ams' }).click()
    await page
      .getByRole('row', { name: /^Primary ipv4 .*203\.0\.113\.1 203\.0\.113\.2 0$/ })
      .waitFor()
    await page.getByRole('row', { name: /^ManualValidationNeeded 203\.0\.113\.128\/25/ }).waitFor()
    await page.getByRole('link', { name: 'hub' }).waitFor()
    await isSound(page)
  })

  test('the history of a prefix, and the notes of its route', async () => {
    const hash = '#/prefixes/contoso-ams%2Fweb'
    const page = await open(hash, 'admin', { viewport, colorScheme })
    await page.getByText('Route announced on contoso-ams/ams-1/ipv4').waitFor()
    await page.locator('.stretches').getByText('Verified').waitFor()
    const meaning = page.getByLabel('What the notes mean')
    expect(await meaning.innerText()).toContain('next-hop-not-peer')
    expect(await meaning.innerText()).toContain('The next hop is not the peer’s own address.')
    await isSound(page)
  })
})

test('connections are filtered, and the address holds it', async () => {
  const page = await open('#/peerings', 'admin')
  await page.getByRole('button', { name: /^Active/ }).click()
  await page.waitForURL(/#\/peerings\?state=Active$/)
  await finds(page.locator('.windowed td.name a'), 'contoso-ams/ams-1')
  await page.getByRole('link', { name: 'contoso-ams/ams-1' }).click()
  await page.getByRole('link', { name: 'contoso-ams/ams-1/ipv4' }).click()
  await page.getByText('Capabilities of the peer').waitFor()
  await page.locator('h1', { hasText: 'contoso-ams/ams-1/ipv4' }).waitFor()
})

test('the prefixes of a peering', async () => {
  const page = await open('#/peerings/contoso-ams', 'admin')
  await page.getByRole('link', { name: '2 prefixes' }).click()
  await page.getByText('2 of 4 prefixes').waitFor()
  await finds(page.locator('td.name a'), 'contoso-ams/mail', 'contoso-ams/web')
  await page.getByRole('button', { name: 'Peering contoso-ams' }).click()
  await page.getByText('4 registered').waitFor()
})

test('how far back the history is shown can be chosen', async () => {
  const page = await open('#/prefixes/contoso-ams%2Fweb', 'admin')
  await page.getByText('Route announced on contoso-ams/ams-1/ipv4').waitFor()
  for (const [range, window] of [
    ['1 h', '6h'],
    ['7 d', '7d'],
    ['30 d', '30d'],
  ] as const) {
    const asked = page.waitForRequest(new RegExp(`history\\?window=${window}`))
    await page.getByRole('button', { name: range }).click()
    await asked
    await page.getByText('Route announced on contoso-ams/ams-1/ipv4').waitFor()
  }
})

describe('a tenant sees its own alone', () => {
  test('a provider: overview, prefixes, sessions, peerings, events', async () => {
    const page = await open('#/', 'contoso')
    await page.getByText('of 2 prefixes fail').waitFor()
    await page.getByText('1 session of 2 not Established.').waitFor()
    expect(await page.getByText('theirs').count()).toBe(0)
    await page.getByText('Live', { exact: true }).waitFor()
    await isSound(page)
    const menu = (name: string) => page.getByRole('navigation').getByRole('link', { name })
    await menu('Prefixes').click()
    await page.getByText('2 registered').waitFor()
    await menu('Sessions').click()
    await page.getByText('2 sessions').waitFor()
    await menu('Peerings').click()
    await page.getByText('1 peering, 2 connections').waitFor()
    await menu('Events').click()
    await page.locator('.events > li').first().waitFor()
    expect(await page.locator('.events .what', { hasText: 'ours' }).count()).toBe(0)
    await isSound(page)
  })

  test('a customer: a prefix of the configuration, on a session that is not its own', async () => {
    const page = await open('#/', 'fabrikam')
    await page.getByText('No session is configured.').waitFor()
    await page
      .getByRole('link', { name: /theirs/ })
      .first()
      .click()
    await page.getByText('own is not Established').first().waitFor()
    await isSound(page)
  })
})

test('a daemon without a registry says so', async () => {
  const lab = await startLab()
  try {
    visited = await visit(browser, lab.base, { hash: '#/peerings' })
    await visited.page.getByText('This daemon has no registry of peerings').waitFor()
    expect(await violationsOf(visited.page)).toEqual([])
  } finally {
    await lab.stop()
  }
})
