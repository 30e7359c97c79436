/** The status page. What comes from the daemon reaches the document as text alone. */

const PAGE_SIZE = 100
const EVENTS_SHOWN = 100
/** Counters move without events; milliseconds. */
const REFRESH_EVERY = 15_000
/** A burst of events leads to one refresh; milliseconds. */
const SETTLE = 400

const tones = {
  Verified: 'good',
  Warning: 'warn',
  Failed: 'bad',
  Invalid: 'bad',
  Established: 'good',
  Idle: 'bad',
  Connect: 'warn',
  Active: 'warn',
  OpenSent: 'warn',
  OpenConfirm: 'warn',
}

const at = (id) => document.getElementById(id)
const filter = { state: undefined, search: '' }
let shown = PAGE_SIZE

/** An element with text; classes and attributes are ours, the text may be anybody's. */
function element(tag, text, attributes = {}) {
  const made = document.createElement(tag)
  made.textContent = text
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

function badge(state) {
  return element('span', state, { class: 'badge', 'data-tone': tones[state] ?? 'idle' })
}

function row(...cells) {
  const made = document.createElement('tr')
  for (const [content, classes] of cells) {
    const cell = element('td', '', classes ? { class: classes } : {})
    cell.append(content)
    made.append(cell)
  }
  return made
}

function age(iso) {
  return duration(Math.max(0, Math.floor((Date.now() - Date.parse(iso)) / 1000)))
}

function duration(seconds) {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`
}

function since(iso) {
  return element('time', age(iso), { datetime: iso, title: new Date(iso).toLocaleString() })
}

async function get(path, query = {}) {
  const url = new URL(`api/v1/${path}`, document.baseURI)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value)
  }
  const response = await fetch(url)
  const body = await response.json()
  if (!response.ok) throw new Error(body.detail ?? `the daemon answered ${response.status}`)
  return body
}

/** Pages until `wanted` items are there or the list ends. */
async function getItems(path, query, wanted) {
  const items = []
  let page
  do {
    const limit = Math.min(1000, wanted - items.length)
    page = await get(path, { ...query, limit, cursor: page?.cursor ?? undefined })
    items.push(...page.items)
  } while (page.cursor !== null && items.length < wanted)
  return { ...page, items }
}

function showStates(counts) {
  const chips = Object.entries(counts)
    .filter(([state, count]) => count > 0 || state === filter.state)
    .map(([state, count]) => {
      const pressed = `${filter.state === state}`
      const chip = element('button', `${state} ${count}`, {
        type: 'button',
        'aria-pressed': pressed,
      })
      chip.addEventListener('click', () => {
        filter.state = filter.state === state ? undefined : state
        shown = PAGE_SIZE
        refresh()
      })
      return chip
    })
  at('states').replaceChildren(...chips)
}

async function refreshPrefixes() {
  const page = await getItems('prefixes', { state: filter.state, search: filter.search }, shown)
  showStates(page.counts)
  at('prefixes').replaceChildren(
    ...page.items.map((prefix) =>
      row(
        [badge(prefix.state)],
        [prefix.name],
        [prefix.prefix, 'code'],
        [since(prefix.since)],
        [prefix.errorMessage, 'wide'],
      ),
    ),
  )
  const filtered = filter.state !== undefined || filter.search !== ''
  const empty = filtered ? 'No prefix matches.' : 'No prefix is registered.'
  at('prefixes-note').textContent = page.items.length === 0 ? empty : ''
  at('more').hidden = page.cursor === null
}

async function refreshSessions() {
  const page = await getItems('sessions', {}, 1000)
  at('sessions').replaceChildren(
    ...page.items.map((session) =>
      row(
        [badge(session.state)],
        [session.name],
        [`${session.remoteAddress} AS ${session.remoteAsn}`, 'code'],
        [since(session.since)],
        [session.prefixes.ipv4.toLocaleString(), 'number'],
        [session.prefixes.ipv6.toLocaleString(), 'number'],
        [session.flaps.toLocaleString(), 'number'],
        [session.up ? '' : whyDown(session), 'wide'],
      ),
    ),
  )
  at('sessions-note').textContent = page.items.length === 0 ? 'No session is configured.' : ''
}

/** The last error, and when the session is tried again. */
function whyDown({ lastError, nextTryAt }) {
  const left = nextTryAt === null ? 0 : Math.ceil((Date.parse(nextTryAt) - Date.now()) / 1000)
  const next = left > 0 ? `next try in ${duration(left)}` : ''
  return [lastError, next].filter(Boolean).join('; ')
}

function live(text, tone) {
  at('live').textContent = text
  at('live').dataset.tone = tone
}

let running = false
let again = false

/** Reads both tables; a call during a call leads to one more. */
async function refresh() {
  again = running
  if (running) return
  running = true
  try {
    await Promise.all([refreshPrefixes(), refreshSessions()])
  } catch (error) {
    at('prefixes-note').textContent = `The daemon does not answer: ${error.message}`
  } finally {
    running = false
  }
  if (again) refresh()
}

let settling

function refreshSoon() {
  if (settling !== undefined) return
  settling = setTimeout(() => {
    settling = undefined
    refresh()
  }, SETTLE)
}

function sentence(event) {
  if (event.kind === 'session') return `${event.session}: ${event.detail}`
  const from = event.from === null || event.from === event.to ? '' : `, was ${event.from}`
  const opened = event.opened.map((change) => change.message)
  const closed = event.closed.map((change) => `${change.reason} is over.`)
  return [
    `${event.name} (${event.prefix}) is ${event.to ?? 'no longer registered'}${from}.`,
    ...opened,
    ...closed,
  ].join(' ')
}

function showEvent(event) {
  const time = new Date(event.time)
  const item = document.createElement('li')
  item.append(
    element('time', time.toLocaleTimeString(), {
      datetime: event.time,
      title: time.toLocaleString(),
    }),
    element('span', sentence(event)),
  )
  at('events').prepend(item)
  while (at('events').children.length > EVENTS_SHOWN) at('events').lastElementChild.remove()
  at('events-note').textContent = ''
}

/** The newest events, then the stream; a browser resumes it by itself after a break. */
async function follow() {
  let page
  try {
    page = await get('events', { limit: 20 })
  } catch {
    live('the daemon does not answer', 'bad')
    setTimeout(follow, 5000)
    return
  }
  at('events').replaceChildren()
  for (const event of page.items) showEvent(event)
  if (page.items.length === 0) at('events-note').textContent = 'Nothing has happened yet.'
  const source = new EventSource(`api/v1/events?follow=1&since=${page.lastId}`)
  const onEvent = ({ data }) => {
    showEvent(JSON.parse(data))
    refreshSoon()
  }
  source.addEventListener('prefix', onEvent)
  source.addEventListener('session', onEvent)
  source.addEventListener('gap', refreshSoon)
  source.addEventListener('open', () => {
    live('live', 'good')
    refreshSoon()
  })
  source.addEventListener('error', () => {
    live('connection lost, trying again', 'bad')
    // A refusal (too many readers) closes for good; a broken connection does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5000)
  })
}

at('more').addEventListener('click', () => {
  shown += PAGE_SIZE
  refresh()
})
at('search').addEventListener('input', ({ target }) => {
  filter.search = target.value.trim()
  shown = PAGE_SIZE
  refreshSoon()
})
setInterval(() => {
  if (!document.hidden) refresh()
}, REFRESH_EVERY)
refresh()
follow()
