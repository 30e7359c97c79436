/** Debian's Chromium, and a page of it that takes note of everything that should not happen. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'

export const chromiumPath = '/usr/bin/chromium'

/** @throws Error when Chromium is not there: a missing browser is a failure, not a skip */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    // As root, as .ci/run is, Chromium has no sandbox.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
}

export const desktop = { width: 1280, height: 860 }
export const phone = { width: 375, height: 740 }

export interface Visit {
  readonly page: Page
  /** Errors, warnings, refused resources and requests to elsewhere, in words. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Opens a page of a daemon in a profile of its own. */
export async function visit(
  browser: Browser,
  base: string,
  options: {
    readonly hash?: string
    readonly viewport?: { width: number; height: number }
    readonly colorScheme?: 'light' | 'dark'
    /** With which the page asks, as if somebody had typed it before. */
    readonly token?: string
  } = {},
): Promise<Visit> {
  const { hash = '#/', viewport = desktop, colorScheme = 'light' } = options
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })
  if (options.token !== undefined) {
    const code = `sessionStorage.setItem('bgpwarden-token', ${JSON.stringify(options.token)})`
    await context.addInitScript(code)
  }
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // That it keeps no history is what a daemon without storage answers, and Chromium tells it.
    if (message.text().includes('status of 409')) return
    // Also what the Content-Security-Policy refused is told here.
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) {
      complaints.push(`request to ${request.url()}`)
    }
  })
  await page.goto(`${base}/${hash}`)
  await page.locator('h1').waitFor()
  return { page, complaints, close: () => context.close() }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly help: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

/** @returns what axe finds on the page: rule and place, one line each; its best practices too */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const results = (await page.evaluate('axe.run(document)')) as AxeResults
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      (node) => `${id}: ${help}: ${node.html.slice(0, 200)} (${node.failureSummary ?? ''})`,
    ),
  )
}
