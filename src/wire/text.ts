/** Text that a peer put into a message. */

// A byte order mark is a character like any other here, so that nothing is lost on the way.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** C0, DEL, C1, line and paragraph separators, and what turns the direction of writing. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * Reads UTF-8 for display: line ends and tabs become blanks, other control characters are removed,
 * so that a peer cannot write to an operator's terminal or forge a log line.
 * @returns undefined when the octets are not UTF-8 (RFC 9003 §2: not to be interpreted)
 */
export function decodeDisplayText(bytes: Uint8Array): string | undefined {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return undefined
  }
  return text.replace(/[\t\r\n]+/g, ' ').replace(unprintable, '')
}

/** @returns UTF-8 of at most `limit` octets; a longer text is cut between two characters */
export function encodeTextWithin(text: string, limit: number): Uint8Array {
  const room = new Uint8Array(limit)
  return room.slice(0, new TextEncoder().encodeInto(text, room).written)
}
