/** A store that forgets: where no file is configured, and in tests. */
import { readCursor } from './cursor.ts'
import { plainEvent } from './event-queue.ts'
import {
  type AuditLine,
  type AuditQuery,
  ConflictError,
  type HistoryEvent,
  type HistoryQuery,
  type KeptAnswer,
  type KeptLetter,
  type ResourceChange,
  type Store,
  type StoredResource,
  type Transaction,
} from './types.ts'
import { ANSWER_MS, conflictSentence, usedKeySentence } from './words.ts'

/** Events and lines of the audit log kept; the oldest give way. */
const KEPT = 50_000

function matchesAudit(line: AuditLine, query: AuditQuery): boolean {
  const { who, kind, id, below, from, to } = query
  const itself = (id === undefined || line.id === id) && (kind === undefined || line.kind === kind)
  const under = id !== undefined && below === true && line.id.startsWith(`${id}/`)
  return (
    (itself || under) &&
    (who === undefined || line.who === who) &&
    (from === undefined || line.time >= from) &&
    (to === undefined || line.time < to)
  )
}

function matchesHistory(event: HistoryEvent, query: HistoryQuery): boolean {
  const { prefix, session, from, to, levels } = query
  return (
    (prefix === undefined || event.prefix === prefix) &&
    (session === undefined || event.session === session) &&
    (from === undefined || event.time >= from) &&
    (to === undefined || event.time < to) &&
    (levels === undefined || levels.includes(event.level))
  )
}

/** The page of a list that begins after `cursor`, which is the number of an item. */
function page<T>(
  list: readonly T[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  numberOf: (item: T) => number,
) {
  const after = cursor === undefined ? undefined : (readCursor(cursor, 1)[0] ?? 0)
  const begin = after === undefined ? 0 : list.findIndex((item) => numberOf(item) === after) + 1
  const items = list.slice(begin, begin + limit)
  const last = items.at(-1)
  const more = begin + limit < list.length && last !== undefined
  return { items, cursor: more ? `${numberOf(last)}` : null }
}

/** Makes an empty store in memory. @param now milliseconds since the epoch */
export function createMemoryStore(now: () => number = Date.now): Store {
  const resources = new Map<string, StoredResource>()
  const answers = new Map<string, KeptAnswer>()
  const lines: AuditLine[] = []
  const events: HistoryEvent[] = []
  const letters = new Map<string, KeptLetter>()
  let lastLine = 0
  let lastEvent = 0
  let lost = 0

  const keyOf = ({ kind, id }: { kind: string; id: string }) => `${kind}\n${id}`
  const answerKey = (who: string, key: string) => `${who}\n${key}`
  const freshAnswer = (who: string, key: string, time: number) => {
    const found = answers.get(answerKey(who, key))
    return found !== undefined && found.time >= time - ANSWER_MS ? found : undefined
  }

  /** What a change makes of the resource. @throws ConflictError */
  const changed = (
    before: StoredResource | undefined,
    { kind, id, document, basedOn }: ResourceChange,
    time: number,
  ): StoredResource | null => {
    if ((before?.version ?? 0) !== basedOn) {
      throw new ConflictError(conflictSentence(kind, id, basedOn))
    }
    if (document === null) return null
    const createdAt = before?.createdAt ?? time
    // A copy, as a file would give it back.
    const copy = structuredClone(document)
    return { kind, id, version: basedOn + 1, createdAt, updatedAt: time, document: copy }
  }

  const commit = ({ time, changes, audit, answer }: Transaction) => {
    const next = new Map<string, StoredResource | null>()
    for (const change of changes) {
      const key = keyOf(change)
      const before = next.has(key) ? (next.get(key) ?? undefined) : resources.get(key)
      next.set(key, changed(before, change, time))
    }
    if (answer !== undefined && freshAnswer(answer.who, answer.key, answer.time)) {
      throw new ConflictError(usedKeySentence(answer.key))
    }
    for (const [key, resource] of next) {
      if (resource === null) resources.delete(key)
      else resources.set(key, resource)
    }
    for (const entry of audit) lines.push({ ...entry, entry: ++lastLine })
    lines.splice(0, lines.length - KEPT)
    if (answer !== undefined) answers.set(answerKey(answer.who, answer.key), answer)
  }

  return {
    load: async () =>
      [...resources.values()].sort((a, b) =>
        a.kind === b.kind ? (a.id < b.id ? -1 : 1) : a.kind < b.kind ? -1 : 1,
      ),
    commit: async (transaction) => {
      commit(transaction)
      for (const [key, { time }] of answers) {
        if (time >= transaction.time - ANSWER_MS) break
        answers.delete(key)
      }
    },
    answer: async (who, key) => freshAnswer(who, key, now()),
    audit: async (query) =>
      page(
        lines.toReversed().filter((line) => matchesAudit(line, query)),
        query,
        (line) => line.entry,
      ),
    record(event) {
      events.push({ ...plainEvent(event), id: ++lastEvent })
      if (events.length > KEPT) lost += events.splice(0, KEPT / 10).length
    },
    history: async (query) => {
      const order = query.order === 'oldest' ? 1 : -1
      const found = events.filter((event) => matchesHistory(event, query))
      found.sort((a, b) => order * (a.time - b.time || a.id - b.id))
      return page(found, query, (event) => event.id)
    },
    letters: async () => [...letters.values()],
    keepLetters: async (changes) => {
      for (const change of changes) {
        const { webhook, id } = 'put' in change ? change.put : change.forget
        letters.delete(`${webhook}\n${id}`)
        if ('put' in change) letters.set(`${webhook}\n${id}`, change.put)
      }
    },
    flush: async () => {},
    status: () => ({
      ok: true,
      detail: 'nothing is stored: storage.path is not set',
      waitingEvents: 0,
      lostEvents: lost,
      sizeBytes: 0,
    }),
    close: async () => {},
  }
}
