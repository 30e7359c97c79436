/** Where the page stands, in step with its address. */
import { computed, signal } from '@preact/signals'
import { formatPlace, type Place, parsePlace, type ViewName } from '../logic/route.ts'

const hash = signal(location.hash)

/** undefined: nothing is there. */
export const place = computed<Place | undefined>(() => parsePlace(hash.value))

/** Goes to a place; with `replace` without a step back to where it was. */
export function go(
  view: ViewName,
  name: string | undefined,
  query: Readonly<Record<string, string | undefined>>,
  replace = false,
): void {
  const next = formatPlace(view, name, query)
  if (replace) history.replaceState(null, '', next)
  else history.pushState(null, '', next)
  hash.value = next
}

/** Follows links and the browser's back and forward. */
export function startPlace(): void {
  addEventListener('hashchange', () => {
    hash.value = location.hash
  })
  addEventListener('popstate', () => {
    hash.value = location.hash
  })
}
