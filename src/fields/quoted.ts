/** Text of a user as a message shows it. */

const MAX_SHOWN = 60

/** Text cut where it gets long. */
export function clip(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** Text as a message shows it: quoted, without control characters, and cut when it is long. */
export function quoted(text: string): string {
  return JSON.stringify(clip(text))
}
