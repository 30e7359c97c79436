/** Server-Sent Events as their readers see them, in the terminal and on the page. */

/** One dispatched event of a stream. */
export interface ServerSentEvent {
  readonly id: string | undefined
  readonly data: string
}

/** Characters; a daemon's event is far below. */
const LINE_LIMIT = 1 << 20

/**
 * Reads an event stream (HTML standard, "Server-sent events", §9.2.6): fields `id` and `data`, comments
 * and unknown fields skipped, an unfinished event at the end dropped.
 * @throws RangeError for a line of more than a million characters
 */
export async function* readServerSentEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let pending = ''
  let id: string | undefined
  let data: string[] = []
  for await (const chunk of chunks) {
    pending += decoder.decode(chunk, { stream: true })
    const lines = pending.split(/\r\n|\n|\r(?!$)/)
    pending = lines.pop() ?? ''
    if (pending.length > LINE_LIMIT) throw new RangeError('the event stream has a line without end')
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') }
        data = []
        continue
      }
      const [, field = '', value = ''] = /^([^:]*)(?::\x20?(.*))?$/s.exec(line) ?? []
      if (field === 'data') data.push(value)
      else if (field === 'id') id = value
    }
  }
}
