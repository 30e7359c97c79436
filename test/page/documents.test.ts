import { expect, test } from 'vitest'
import { findingReasons } from '../../src/engine/types.ts'
import { linkOf, renderDocuments, sectionOf, slugOf } from '../../src/page/documents.ts'
import { urlOf } from '../../src/page/files.ts'

test('files are served without their ending', () => {
  expect(
    ['index.html', 'page.js', 'docs/index.html', 'docs/findings/not-received.html'].map(urlOf),
  ).toEqual(['/', '/page.js', '/docs/', '/docs/findings/not-received'])
})

test('links lead to what is served, or nowhere', () => {
  const served = new Set(['api', 'metrics', 'peering'])
  const link = (path: string, href: string) => linkOf(path, href, served)
  expect(link('api', 'metrics.md')).toBe('metrics')
  expect(link('findings/not-received', '../peering.md#frr')).toBe('../peering#frr')
  expect(link('api', '#pages')).toBe('#pages')
  expect(link('api', 'https://www.rfc-editor.org/rfc/rfc4271')).toBe(
    'https://www.rfc-editor.org/rfc/rfc4271',
  )
  expect(link('architecture', '../README.md')).toBeNull()
  expect(link('performance', 'growth.svg')).toBeNull()
  expect(link('api', 'not-written.md')).toBeNull()
})

test('anchors are those of GitHub', () => {
  expect(slugOf('What keeps BGP going')).toBe('what-keeps-bgp-going')
  expect(slugOf('`listen.http`, and so on')).toBe('listenhttp-and-so-on')
})

test('a section ends where the next begins', () => {
  const text = '# All\n\n## one\n\nFirst.\n\n### more\n\n## two\n\nSecond.\n'
  expect(sectionOf(text, 'one')).toBe('# one\n\nFirst.\n\n### more\n\n')
  expect(sectionOf(text, 'two')).toBe('# two\n\nSecond.\n')
  expect(sectionOf(text, 'three')).toBeUndefined()
})

test('every reason has a page, without script and with links that are served', async () => {
  const files = await renderDocuments()
  const pages = new Map(files.map(({ path, content }) => [urlOf(path), `${content}`]))
  for (const reason of findingReasons) {
    expect(pages.get(`/docs/findings/${reason}`), reason).toContain(`<h1 id="${reason}">`)
  }
  for (const [url, html] of pages) {
    expect(html.match(/<script[^>]*>/g), url).toEqual([
      expect.stringMatching(/^<script src="(\.\.\/)+theme\.js">$/),
    ])
    for (const [, href = ''] of html.matchAll(/<a (?:class="brand" )?href="([^"]*)"/g)) {
      if (/^https?:/.test(href)) continue
      const { pathname } = new URL(href, `http://localhost${url}`)
      expect(pages.has(pathname) || pathname === '/', `${url} -> ${href}`).toBe(true)
    }
  }
})
