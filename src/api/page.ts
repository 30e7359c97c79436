/** The status page: three static files, read once. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Api } from './documented.ts'

const files = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { url: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
] as const

/** Nothing but our own files, and no inline script: text from a peer can never run. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function addPage(app: Api): void {
  for (const { url, file, type } of files) {
    const content = readFileSync(new URL(`../web/${file}`, import.meta.url))
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
    app.get(url, { schema: { hide: true } }, (request, reply) => {
      reply
        .header('content-security-policy', pagePolicy)
        .header('cache-control', 'no-cache')
        .header('etag', etag)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type(type).send(content)
    })
  }
}
