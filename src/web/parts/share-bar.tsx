import type { ComponentChildren } from 'preact'
import type { Look } from '../logic/states.ts'
import { grouped } from '../logic/words.ts'
import { Icon } from './icon.tsx'

export interface Share {
  readonly label: string
  readonly count: number
  readonly look: Look
  /** The label, as a link. */
  readonly link: (children: ComponentChildren) => ComponentChildren
}

/** Parts of a whole: a bar for the eye, a list for everybody. */
export function ShareBar({ shares }: { shares: readonly Share[] }) {
  const present = shares.filter(({ count }) => count > 0)
  return (
    <>
      <div class="share-bar" aria-hidden="true">
        {present.map(({ label, count, look }) => (
          <span
            key={label}
            data-tone={look.tone}
            data-shape={look.shape}
            style={{ flexGrow: count }}
          />
        ))}
      </div>
      <ul class="shares">
        {present.map(({ label, count, look, link }) => (
          <li key={label} data-tone={look.tone}>
            {link(
              <>
                <Icon shape={look.shape} />
                <b>{grouped(count)}</b> {label}
              </>,
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
