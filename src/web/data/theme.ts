/** Light or dark: as the system says, unless somebody chose. */
import { signal } from '@preact/signals'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const KEY = 'bgpwarden-theme'

function stored(): Theme {
  try {
    return themes.find((each) => each === localStorage.getItem(KEY)) ?? 'system'
  } catch {
    return 'system'
  }
}

export const theme = signal<Theme>(stored())

/** Puts the choice on the document; the style sheet does the rest. */
export function applyTheme(next: Theme = stored()): void {
  if (next === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
}

export function chooseTheme(next: Theme): void {
  theme.value = next
  applyTheme(next)
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
