import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { askAgain, connection } from '../data/live.ts'
import { chooseTheme, theme, themes } from '../data/theme.ts'
import { setToken, tokenWanted } from '../data/token.ts'
import type { ViewName } from '../logic/route.ts'
import { To } from './text.tsx'

/** What the page consists of, in the order of its menu. */
const menu: readonly { view: ViewName; title: string }[] = [
  { view: 'overview', title: 'Overview' },
  { view: 'prefixes', title: 'Prefixes' },
  { view: 'sessions', title: 'Sessions' },
  { view: 'peerings', title: 'Peerings' },
  { view: 'circuits', title: 'Circuits' },
  { view: 'networks', title: 'Networks' },
  { view: 'events', title: 'Events' },
  { view: 'explain', title: 'What if' },
]

const connectionWords = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'No answer',
} as const

const themeWords = { system: 'Auto', light: 'Light', dark: 'Dark' } as const

function ThemeButton() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system'
  return (
    <button
      type="button"
      class="theme"
      onClick={() => chooseTheme(next)}
      title={`Colours: ${themeWords[theme.value]}; press for ${themeWords[next]}`}
    >
      <svg
        class="icon"
        viewBox="0 0 16 16"
        width="16"
        height="16"
        aria-hidden="true"
        focusable="false"
      >
        <circle cx="8" cy="8" r="6" />
        <path class="half" d="M8 2a6 6 0 0 1 0 12z" />
      </svg>
      <span class="hidden">Colours: </span>
      {themeWords[theme.value]}
    </button>
  )
}

/** Asks for a token, where the daemon wants one. */
function TokenForm() {
  const [text, setText] = useState('')
  if (!tokenWanted.value) return null
  const submit = (event: Event) => {
    event.preventDefault()
    setToken(text.trim())
    askAgain()
  }
  return (
    <form class="token" onSubmit={submit} aria-label="Token">
      <label>
        This daemon answers to those who have a token.{' '}
        <input
          type="password"
          autocomplete="off"
          required
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Use it
      </button>
    </form>
  )
}

/** What stands around every view. */
export function Shell({
  view,
  children,
}: {
  view: ViewName | undefined
  children: ComponentChildren
}) {
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to the content, though not through the address */}
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <To view="overview" class="brand">
          <svg
            class="icon"
            viewBox="0 0 16 16"
            width="22"
            height="22"
            aria-hidden="true"
            focusable="false"
          >
            <path d="M8 1.5 14 4v4c0 3.5-2.5 5.600-6 6.500C4.500 13.600 2 11.500 2 8V4z" />
            <path d="M5.300 8.200 7.200 10l3.500-4" />
          </svg>
          bgpwarden
        </To>
        <nav aria-label="Views">
          {menu.map((item) => (
            <To
              key={item.view}
              view={item.view}
              {...(item.view === view && { 'aria-current': 'page' as const })}
            >
              {item.title}
            </To>
          ))}
        </nav>
        <p class="connection" role="status" data-connection={connection.value}>
          {connectionWords[connection.value]}
        </p>
        <ThemeButton />
      </header>
      <main id="main" tabIndex={-1}>
        <TokenForm />
        {children}
      </main>
      <footer>
        <a href="docs/">Documentation</a>
        <a href="metrics">Metrics</a>
        <a href="openapi.json">API</a>
        <a href="readyz">Readiness</a>
      </footer>
    </>
  )
}

/** The address belongs to the views, so the way to the content is gone by hand. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
