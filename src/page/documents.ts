/** The documentation as pages that the daemon serves, so that a finding explains itself without a network. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Marked, type Tokens } from 'marked'
import { findingReasons } from '../engine/types.ts'
import type { MadeFile } from './files.ts'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))

/** A text in Markdown. `path` is that below `docs/`, without `.md`. */
interface Source {
  readonly path: string
  readonly text: string
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** The anchor of a heading, as GitHub makes it. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}

/**
 * Where a link of a text leads on the daemon.
 * @param path of the text, below `docs/`
 * @param served paths of all texts
 * @returns null: what it leads to is not served
 */
export function linkOf(path: string, href: string, served: ReadonlySet<string>): string | null {
  if (/^[a-z]+:/.test(href)) return href
  if (href.startsWith('#')) return href
  const [file = '', anchor] = href.split('#', 2)
  const target = join(dirname(path), file).split(sep).join('/')
  if (!target.endsWith('.md') || !served.has(target.slice(0, -'.md'.length))) return null
  return `${file.slice(0, -'.md'.length)}${anchor === undefined ? '' : `#${anchor}`}`
}

/** Headings with anchors, links within what is served, no pictures. */
function markedFor(path: string, served: ReadonlySet<string>): Marked {
  const marked = new Marked({ gfm: true })
  marked.use({
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) {
        const inner = this.parser.parseInline(tokens)
        return `<h${depth} id="${slugOf(text)}">${inner}</h${depth}>\n`
      },
      link({ href, tokens }: Tokens.Link) {
        const inner = this.parser.parseInline(tokens)
        const to = linkOf(path, href, served)
        return to === null ? inner : `<a href="${escapeHtml(to)}">${inner}</a>`
      },
      image: ({ text }: Tokens.Image) => `<em>${escapeHtml(text)}</em>`,
      code({ text }: Tokens.Code) {
        return `<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>\n`
      },
      html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
    },
  })
  return marked
}

function titleOf({ path, text }: Source): string {
  return /^#+ (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? path
}

function frame(path: string, title: string, body: string): string {
  const up = '../'.repeat(path.split('/').length)
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escapeHtml(title)} · bgpwarden</title>
    <link rel="icon" href="data:," />
    <script src="${up}theme.js"></script>
    <link rel="stylesheet" href="${up}page.css" />
  </head>
  <body class="document">
    <header class="top">
      <a class="brand" href="${up}">bgpwarden</a>
      <nav aria-label="Documentation"><a href="${up}docs/">Documentation</a></nav>
    </header>
    <main>
${body}
    </main>
  </body>
</html>
`
}

function page(source: Source, served: ReadonlySet<string>): MadeFile {
  const body = markedFor(source.path, served).parse(source.text, { async: false })
  const html = frame(source.path, titleOf(source), body)
  return { path: `docs/${source.path}.html`, content: Buffer.from(html) }
}

function index(sources: readonly Source[]): MadeFile {
  const rows = sources.map(
    (source) => `<li><a href="${escapeHtml(source.path)}">${escapeHtml(titleOf(source))}</a></li>`,
  )
  const body = `<h1>Documentation</h1>\n<ul>\n${rows.join('\n')}\n</ul>`
  return { path: 'docs/index.html', content: Buffer.from(frame('', 'Documentation', body)) }
}

/** The part of a text under the heading of second degree, with it; undefined when there is none. */
export function sectionOf(text: string, heading: string): string | undefined {
  const [, ...sections] = text.split(/^## /m)
  const found = sections.find((section) => section.split('\n', 1)[0]?.trim() === heading)
  return found === undefined ? undefined : `# ${found}`
}

/** Every reason has a page: its own text, else its part of the text about all of them. */
function withReasons(sources: readonly Source[]): Source[] {
  const all = sources.find(({ path }) => path === 'findings')?.text ?? ''
  const added = findingReasons.flatMap((reason) => {
    const path = `findings/${reason}`
    const text = sectionOf(all, reason)
    if (text === undefined || sources.some((source) => source.path === path)) return []
    // It stands one folder deeper than the text that it is taken from.
    return [{ path, text: text.replaceAll(/\]\((?!#|[a-z]+:)/g, '](../') }]
  })
  return [...sources, ...added]
}

/** @returns a page for each text below `docs/`, and an index of them */
export async function renderDocuments(): Promise<MadeFile[]> {
  const entries = await readdir(docs, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
  const read = files.map(async (entry): Promise<Source> => {
    const file = join(entry.parentPath, entry.name)
    const path = relative(docs, file).split(sep).join('/').slice(0, -'.md'.length)
    return { path, text: await readFile(file, 'utf8') }
  })
  const sources = withReasons(await Promise.all(read)).sort((a, b) => (a.path < b.path ? -1 : 1))
  const served = new Set(sources.map(({ path }) => path))
  return [index(sources), ...sources.map((source) => page(source, served))]
}
