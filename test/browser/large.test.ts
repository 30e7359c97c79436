/** Ten thousand prefixes and a hundred sessions: rows in the document are few, and clicks are answered. */
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../interop/support/wait.ts'
import { startBrowser, violationsOf, visit } from './support/browser.ts'
import { startLarge, type Watched } from './support/daemons.ts'

/** Rows in sight and a margin, whatever the length of the list. */
const MOST_ROWS = 80
/** How often each click is measured; a view that was seen before begins with what it showed. */
const ROUNDS = 9
/** Milliseconds; the aim is 100, on a machine with nothing else to do. */
const LONGEST_MEDIAN = 300

let browser: Browser
let daemon: Watched

beforeAll(async () => {
  browser = await startBrowser()
  daemon = await startLarge()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await daemon?.stop()
})

const rowsOf = (page: Page) => page.locator('.windowed tbody tr:not(.space)').count()

/** Measured in the page, from the press to the frame in which the answer is painted; milliseconds. */
async function clickTime(button: Locator, answer: string): Promise<number> {
  return button.evaluate(async (element, expression) => {
    // An expression of this file, run in the page by the driver.
    const isThere = new Function(`return ${expression}`) as () => boolean
    const began = performance.now()
    ;(element as HTMLElement).click()
    while (!isThere()) {
      if (performance.now() - began > 10_000) throw new Error(`no answer: ${expression}`)
      await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    return performance.now() - began
  }, answer)
}

const status = (words: string) =>
  `document.querySelector('.view-head [role=status]')?.textContent.replace(/\\u202f/g, '') === '${words}'`
const title = (words: string) => `document.querySelector('h1')?.textContent.startsWith('${words}')`
const shows = (selector: string) => `document.querySelector('${selector}') !== null`

test('few rows are in the document, and the end of the list can be reached', async () => {
  const { page, complaints, close } = await visit(browser, daemon.base, { hash: '#/prefixes' })
  await page.getByText('registered').waitFor()
  expect(await page.locator('.windowed').getAttribute('aria-rowcount')).toBe('10001')
  expect(await rowsOf(page)).toBeLessThan(MOST_ROWS)
  expect(await violationsOf(page)).toEqual([])
  const last = page.getByRole('link', { name: 'customer-09999' })
  let most = 0
  await waitFor('the end of the list', async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
    most = Math.max(most, await rowsOf(page))
    return (await last.count()) > 0
  })
  expect(most).toBeLessThan(MOST_ROWS)
  await last.click()
  await page.getByText('It arrives as it must').waitFor()
  expect(complaints).toEqual([])
  await close()
})

test('sessions are as few rows', async () => {
  const { page, close } = await visit(browser, daemon.base, { hash: '#/sessions' })
  await page.getByText('100 sessions').waitFor()
  expect(await rowsOf(page)).toBeLessThan(MOST_ROWS)
  expect(await violationsOf(page)).toEqual([])
  await close()
})

test('clicks are answered (the times are told, and judged as a busy machine allows)', async () => {
  const { page, complaints, close } = await visit(browser, daemon.base)
  await page.getByText('Needs attention').waitFor()
  const menu = (name: string) => page.getByRole('navigation').getByRole('link', { name })
  const chip = (name: RegExp) => page.getByRole('button', { name })
  const times: [string, number[]][] = []
  for (let round = 0; round < ROUNDS; round++) {
    const steps: [string, Locator, string][] = [
      ['to the prefixes', menu('Prefixes'), `${title('Prefixes')} && ${shows('.windowed')}`],
      ['only Failed', chip(/^Failed/), status('800 of 10000 prefixes')],
      ['all again', chip(/^Failed/), status('10000 registered')],
      ['only Verified', chip(/^Verified/), status('9200 of 10000 prefixes')],
      ['no filter', page.getByRole('button', { name: 'Clear' }), status('10000 registered')],
      [
        'to a prefix that fails',
        page.getByRole('link', { name: 'customer-00000' }),
        shows('.finding'),
      ],
      ['to the sessions', menu('Sessions'), `${title('Sessions')} && ${shows('.windowed td')}`],
      ['to a session', page.getByRole('link', { name: 'edge-000' }), shows('.routes td')],
      ['to the events', menu('Events'), shows('.events li')],
      ['to the overview', menu('Overview'), shows('.failing li')],
    ]
    for (const [i, [name, button, answer]] of steps.entries()) {
      const time = await clickTime(button, answer)
      times[i] ??= [name, []]
      times[i][1].push(time)
    }
  }
  const lines = times.map(([name, all]) => {
    const sorted = all.toSorted((a, b) => a - b)
    const figures = { first: all[0], median: sorted[ROUNDS >> 1], most: sorted.at(-1) }
    expect(figures.median, name).toBeLessThan(LONGEST_MEDIAN)
    const words = Object.entries(figures).map(
      ([figure, time = 0]) => `${figure} ${time.toFixed(0).padStart(4)} ms`,
    )
    return `${name.padEnd(24)} ${words.join('  ')}`
  })
  process.stdout.write(
    `\n10 000 prefixes, 100 sessions, Chromium ${browser.version()}:\n${lines.join('\n')}\n`,
  )
  expect(complaints).toEqual([])
  await close()
})
