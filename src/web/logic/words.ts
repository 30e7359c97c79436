/** Times, numbers and names in words. */
import type { RouteNote } from '../../engine/types.ts'
import { formatDuration } from '../../telemetry/duration.ts'

/** @returns how long ago a moment was, at `now` (milliseconds since the epoch) */
export function ageOf(iso: string, now: number): string {
  return formatDuration(now - Date.parse(iso))
}

/** @returns whole seconds until a moment, 0 when it has passed */
export function secondsUntil(iso: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(iso) - now) / 1000))
}

/** @returns for instance `1 prefix`, `10 000 prefixes` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** @returns the digits in groups of three, parted by narrow no-break spaces from five digits on */
export function grouped(count: number): string {
  const digits = String(count)
  return count < 10_000 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** The page of the documentation about a reason: the one place that knows where it is. */
export function findingLink(reason: string): string {
  return `docs/findings/${reason}`
}

/** What a route's notes mean. */
const noteMeanings: Readonly<Record<RouteNote, string>> = {
  'as-set': 'The path holds an AS_SET, which RFC 9774 deprecates',
  'confederation-segment': 'An external peer sent a confederation segment (RFC 5065)',
  'as-trans': 'AS 23456 is in the path: a 4-octet AS number was lost on the way (RFC 6793)',
  'own-as': 'Our own AS number is in the path: a loop (RFC 4271 §9.1.2)',
  'first-as-not-peer': 'The path does not begin with the peer’s AS number (RFC 4271 §6.3)',
  'next-hop-not-peer': 'The next hop is not the peer’s own address',
  'martian-next-hop': 'The next hop is an address that no router can have',
  'route-leak': 'Its roles and OTC attribute say that it was leaked (RFC 9234)',
}

/** @returns what a note of a route means */
export function noteMeaning(note: RouteNote): string {
  return noteMeanings[note]
}
