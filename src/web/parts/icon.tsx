import type { Shape } from '../logic/states.ts'

/** Outlines on a square of 16. */
const outlines: Readonly<Record<Shape, string>> = {
  check: 'M4.6 8.3 7 10.7 11.5 5.6',
  triangle: 'M8 4.9v3.7M8 10.9v.2',
  cross: 'M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2',
  slash: 'M4.5 11.5l7-7',
  clock: 'M8 4.6V8l2.3 1.5',
  dash: 'M5 8h6',
  link: 'M6 4h6v6M12 4 4.5 11.5',
}

const round = <circle cx="8" cy="8" r="6.4" />
const frames: Readonly<Record<Shape, preact.ComponentChild>> = {
  check: round,
  triangle: <path d="M8 1.7 15 14H1z" />,
  cross: <path d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z" />,
  slash: round,
  clock: round,
  dash: round,
  link: null,
}

/** A state's shape; words stand beside it, so it is nothing to a screen reader. */
export function Icon({ shape }: { shape: Shape }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      {frames[shape]}
      <path d={outlines[shape]} />
    </svg>
  )
}
