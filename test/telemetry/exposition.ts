/** A reader of Prometheus' text format 0.0.4, written from its description, for tests. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Exposition {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

/** Reads `{a="x",b="y"}` from `start`; returns the labels and the place after the brace. */
function readLabels(line: string, start: number): [Record<string, string>, number] {
  const labels: Record<string, string> = {}
  let at = start + 1
  while (line[at] !== '}') {
    const equals = line.indexOf('="', at)
    if (equals < 0) throw new Error(`no label value in: ${line}`)
    const name = line.slice(at, equals)
    let value = ''
    at = equals + 2
    while (line[at] !== '"') {
      if (at >= line.length) throw new Error(`label value without end in: ${line}`)
      if (line[at] === '\\') {
        at += 1
        const escaped = { n: '\n', '\\': '\\', '"': '"' }[line[at] ?? '']
        if (escaped === undefined) throw new Error(`unknown escape in: ${line}`)
        value += escaped
      } else {
        value += line[at]
      }
      at += 1
    }
    if (name in labels) throw new Error(`label ${name} twice in: ${line}`)
    labels[name] = value
    at += 1
    if (line[at] === ',') at += 1
  }
  return [labels, at + 1]
}

/** Reads a whole exposition; throws on a line that is none, and on a series that comes twice. */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const types = new Map<string, string>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line)
    if (type?.[1] !== undefined && type[2] !== undefined) {
      if (types.has(type[1])) throw new Error(`TYPE of ${type[1]} twice`)
      types.set(type[1], type[2])
      continue
    }
    const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0]
    if (name === undefined) throw new Error(`not a sample: ${line}`)
    const [labels, end] =
      line[name.length] === '{' ? readLabels(line, name.length) : [{}, name.length]
    const written = line.slice(end).trim()
    // Prometheus reads numbers as Go does: NaN and Inf in any case.
    const isNotANumber = /^nan$/i.test(written)
    const value = Number(written.replace(/inf$/i, 'Infinity'))
    const key = JSON.stringify([name, Object.entries(labels).sort()])
    if (written === '' || (Number.isNaN(value) && !isNotANumber))
      throw new Error(`no number in: ${line}`)
    if (seen.has(key)) throw new Error(`series twice: ${key}`)
    seen.add(key)
    samples.push({ name, labels, value })
  }
  return { types, samples }
}

/** Series of one family as `label=value,... number` lines, in the order of the text. */
export function seriesOf(exposition: Exposition, name: string): string[] {
  return exposition.samples
    .filter((sample) => sample.name === name)
    .map(({ labels, value }) => {
      const shown = Object.entries(labels).map(([label, text]) => `${label}=${text}`)
      return `${shown.join(',')} ${value}`.trim()
    })
}

/** Joins the pieces of an exposition. */
export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}
