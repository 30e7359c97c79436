import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** The first heading of a view has been shown: from now on a new one takes the focus. */
let begun = false

/**
 * The heading of a view. It names the document, and takes the focus when one comes to the view, so that
 * a screen reader says where one is.
 */
export function Title({ text, children }: { text: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${text} · bgpwarden`
    if (begun) {
      heading.current?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
    begun = true
  }, [text])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? text}
    </h1>
  )
}
