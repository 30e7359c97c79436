import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { ApiFailure } from '../data/api.ts'

/** A part of a view, with its heading. */
export function Card({
  title,
  aside,
  children,
  wide = false,
}: {
  title: string
  aside?: ComponentChildren
  children: ComponentChildren
  wide?: boolean
}) {
  const id = useId()
  return (
    <section class={wide ? 'card wide' : 'card'} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** What is shown where there is nothing to show. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>
}

/** Says that the daemon refused or does not answer. */
export function Failure({ failure }: { failure: ApiFailure | undefined }) {
  if (failure === undefined) return null
  return (
    <p class="failure" role="alert">
      {failure.message}
    </p>
  )
}

/** Stands in a view until its first answer. */
export function Loading() {
  return <p class="empty">Reading…</p>
}

/** A region that scrolls sideways where it must, also by keyboard. */
export function Sideways({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the keyboard (WCAG 2.1.1)
    <section class="sideways" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
