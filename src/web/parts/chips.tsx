import type { ComponentChildren } from 'preact'
import { grouped } from '../logic/words.ts'

export interface Choice {
  readonly value: string
  readonly label: ComponentChildren
  readonly count?: number
}

/** Buttons of which one, or none, is pressed. */
export function Chips({
  label,
  choices,
  chosen,
  onChoose,
}: {
  label: string
  choices: readonly Choice[]
  chosen: string | undefined
  onChoose: (value: string | undefined) => void
}) {
  return (
    <fieldset class="chips">
      <legend class="hidden">{label}</legend>
      {choices.map(({ value, label: words, count }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen === value}
          onClick={() => onChoose(chosen === value ? undefined : value)}
        >
          {words}
          {count === undefined ? null : <b>{grouped(count)}</b>}
        </button>
      ))}
    </fieldset>
  )
}
