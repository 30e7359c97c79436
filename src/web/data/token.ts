/** The token with which the page asks, where the daemon wants one. It lives as long as the browser's tab. */
import { signal } from '@preact/signals'

const KEY = 'bgpwarden-token'

function stored(): string {
  try {
    return sessionStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

/** Empty: none. */
export const token = signal(stored())
/** The daemon refused to answer without a token, or with this one. */
export const tokenWanted = signal(false)

export function setToken(next: string): void {
  token.value = next
  tokenWanted.value = false
  try {
    sessionStorage.setItem(KEY, next)
  } catch {
    // Without storage the token lasts as long as the page.
  }
}

/** @returns the header that carries the token */
export function tokenHeader(): Record<string, string> {
  return token.value === '' ? {} : { authorization: `Bearer ${token.value}` }
}
