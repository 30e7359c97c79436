/**
 * RPSL objects out of text that comes in pieces (RFC 2622 §2): attributes with continuation lines and
 * comments, objects set apart by blank lines, lines that begin with `%` or `#` between them.
 */

/** One attribute, its name in lower case, its value without comment and with single blanks. */
export type RpslAttribute = readonly [name: string, value: string]

/** The first attribute says the class. Valid only during the call. */
export type RpslObject = readonly RpslAttribute[]

/** Characters of one object above which the rest of it is left out: text that is no RPSL. */
const MOST_CHARACTERS = 1 << 20

export interface RpslReader {
  /** Takes a piece of text, cut anywhere. */
  push(piece: string): void
  /** The text has ended. */
  end(): void
}

/** @returns the value of the first attribute of that name, or undefined */
export function attributeOf(object: RpslObject, name: string): string | undefined {
  for (const [key, value] of object) if (key === name) return value
  return undefined
}

function withoutComment(text: string): string {
  const hash = text.indexOf('#')
  return (hash < 0 ? text : text.slice(0, hash)).trim()
}

/**
 * Makes a reader.
 * @param visit told each object, in order
 * @param wanted classes whose objects are read; the lines of others are passed over
 */
export function createRpslReader(
  wanted: ReadonlySet<string>,
  visit: (object: RpslObject) => void,
): RpslReader {
  let rest = ''
  let object: [string, string][] = []
  /** Within an object of a class that is not wanted, or that is too long. */
  let skipping = false
  let characters = 0

  function finish(): void {
    if (object.length > 0) visit(object)
    object = []
    skipping = false
    characters = 0
  }

  function takeLine(line: string): void {
    if (line.trim() === '') {
      finish()
      return
    }
    const first = line.charAt(0)
    if (first === '%' || first === '#' || skipping) return
    characters += line.length
    if (characters > MOST_CHARACTERS) {
      object = []
      skipping = true
      return
    }
    const last = object.at(-1)
    if (first === ' ' || first === '\t' || first === '+') {
      if (last !== undefined) last[1] = `${last[1]} ${withoutComment(line.slice(1))}`.trim()
      return
    }
    const colon = line.indexOf(':')
    if (colon <= 0) return
    const name = line.slice(0, colon).toLowerCase()
    if (object.length === 0 && !wanted.has(name)) skipping = true
    else object.push([name, withoutComment(line.slice(colon + 1))])
  }

  return {
    push(piece) {
      const text = rest + piece
      let from = 0
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
        takeLine(text.slice(from, text.charAt(at - 1) === '\r' && at > from ? at - 1 : at))
        from = at + 1
      }
      rest = text.slice(from)
      // A line that never ends is no RPSL.
      if (rest.length > MOST_CHARACTERS) {
        object = []
        skipping = true
        rest = ''
      }
    },
    end() {
      if (rest !== '') takeLine(rest)
      rest = ''
      finish()
    },
  }
}
