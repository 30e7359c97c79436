/**
 * Writes resources of the registry, one write at a time, and knows what the daemon acknowledged. A write
 * whose answer was lost may be there or not, but not by half.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Random } from './faults.ts'
import { ask, lasting, type Resources, type View } from './registry-client.ts'

/** One write, before it is done. */
interface Write {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly etag?: string
  /** Idempotency-Key. */
  readonly key?: string
  /** Resources that it changes: all of them, or none. */
  readonly touches: readonly string[]
  /** What the audit log calls it. */
  readonly operation: string
  /** Properties that each has afterwards; null: they are gone. */
  readonly wanted: Readonly<Record<string, unknown>> | null
}

export interface Writer {
  /**
   * Writes until the daemon is gone.
   * @param onAcknowledged called after each write
   */
  run(url: string, onAcknowledged: () => void): Promise<void>
  /**
   * Compares what was acknowledged with what is there, and settles the write whose answer was lost.
   * @returns what must never be, each a sentence; and whether the lost write was there
   */
  settle(found: Resources): { readonly wrong: string[]; readonly unsaid: boolean }
  /** Repeats a creation whose answer was lost, with its key. @returns what must never be */
  repeat(url: string): Promise<string[]>
  /** Lines that the audit log must have for it. */
  audit(): readonly string[]
}

function pathOf(kind: string, id: string): string {
  if (kind === 'connection') return `peerings/${id.replace('/', '/connections/')}`
  return `${kind}s/${id}`
}

function operate(kind: string, id: string, operation: string, wanted: Write['wanted']): Write {
  const body = operation === 'reject' && { body: { reason: 'not this one' } }
  const path = `${pathOf(kind, id)}/${operation}`
  return { method: 'POST', path, ...body, touches: [`${kind} ${id}`], operation, wanted }
}

function change(kind: string, { id, etag }: View, wanted: NonNullable<Write['wanted']>): Write {
  const touches = [`${kind} ${id}`]
  const body = { properties: wanted }
  return {
    method: 'PATCH',
    path: pathOf(kind, id),
    body,
    etag,
    touches,
    operation: 'update',
    wanted,
  }
}

function removal(kind: string, { id, etag }: View): Write {
  const touches = [`${kind} ${id}`]
  return {
    method: 'DELETE',
    path: pathOf(kind, id),
    etag,
    touches,
    operation: 'delete',
    wanted: null,
  }
}

/** Thinks of writes that the daemon must take. @param known what there is of the writer with this index */
function createIdeas(index: number, random: Random, known: Resources) {
  let count = 0
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const all = (kind: string, fits: (properties: View['properties'], id: string) => boolean) =>
    [...known]
      .filter(([key, { id, properties }]) => key.startsWith(`${kind} `) && fits(properties, id))
      .map(([, view]) => view)
  const any = () => true
  /** Private use (RFC 6996), a hundred thousand for each writer. */
  const asn = () => 4_200_000_000 + index * 100_000 + count

  const create = (kind: string, parent: string | null, wanted: Write['wanted']): Write => {
    const name = `w${index}-${count}`
    const id = parent === null ? name : `${parent}/${name}`
    return {
      method: 'POST',
      path: pathOf(kind, id).slice(0, -name.length - 1),
      body: { name, properties: wanted },
      key: `${name}-${Math.floor(random() * 1e9)}`,
      touches: [`${kind} ${id}`],
      operation: 'create',
      wanted,
    }
  }
  /** Two to five peer ASNs in one document: one transaction. */
  const apply = (): Write => {
    const peerAsns = Array.from({ length: 2 + Math.floor(random() * 4) }, () => {
      count += 1
      return { name: `w${index}-${count}`, peerAsn: asn(), peerName: 'One of several' }
    })
    const touches = peerAsns.map(({ name }) => `peerAsn ${name}`)
    const wanted = { peerName: 'One of several', provisioningState: 'Succeeded' }
    const body = { peerAsns }
    return { method: 'POST', path: 'registry/apply', body, touches, operation: 'create', wanted }
  }
  const judge = (): Write | undefined => {
    const found = pick(all('peerAsn', ({ validationState }) => validationState === 'Pending'))
    if (found === undefined) return undefined
    return random() < 0.8
      ? operate('peerAsn', found.id, 'approve', { validationState: 'Approved' })
      : operate('peerAsn', found.id, 'reject', { validationState: 'Failed' })
  }
  const createPeering = (): Write | undefined => {
    const found = pick(all('peerAsn', ({ validationState }) => validationState === 'Approved'))
    const wanted = { kind: 'Direct', peeringLocation: 'Amsterdam', peerAsn: found?.id }
    return found && create('peering', null, wanted)
  }
  const createConnection = (): Write | undefined => {
    const found = pick(all('peering', any))
    const sessionPrefixV4 = `10.${index}.${count >> 6}.${(count & 63) * 4}/30`
    return found && create('connection', found.id, { sessionPrefixV4, passive: true })
  }
  const describePeering = (): Write | undefined => {
    const found = pick(all('peering', any))
    const description = 'x'.repeat(Math.floor(random() * 240))
    return found && change('peering', found, { description: `${count} ${description}` })
  }
  const changeConnection = (): Write | undefined => {
    const found = pick(all('connection', any))
    return found && change('connection', found, { bandwidthInMbps: count })
  }
  const admitConnection = (): Write | undefined => {
    const waits = ({ connectionState }: View['properties']) => connectionState === 'PendingApproval'
    const found = pick(all('connection', waits))
    if (found === undefined) return undefined
    if (random() < 0.3) return removal('connection', found)
    return operate('connection', found.id, 'approve', { connectionState: 'Approved' })
  }
  const remove = (): Write | undefined => {
    const peerings = all('peering', any)
    const free = pick(
      all('peerAsn', (_, id) => peerings.every(({ properties }) => properties['peerAsn'] !== id)),
    )
    const empty = pick(
      all(
        'peering',
        (_, id) => all('connection', (__, each) => each.startsWith(`${id}/`)).length === 0,
      ),
    )
    if (random() < 0.5) return free && removal('peerAsn', free)
    return empty && removal('peering', empty)
  }
  const ideas = [
    () => create('peerAsn', null, { peerAsn: asn(), peerName: 'A network' }),
    ...[apply, judge, judge, createPeering, describePeering, createConnection, createConnection],
    ...[changeConnection, admitConnection, remove],
  ]
  return (): Write => {
    for (;;) {
      count += 1
      const write = pick(ideas)?.()
      if (write !== undefined) return write
    }
  }
}

function isAsAsked(view: View | undefined, wanted: Write['wanted']): boolean {
  if (view === undefined || wanted === null) return view === undefined && wanted === null
  return Object.entries(wanted).every(([key, value]) => view.properties[key] === value)
}

function send(url: string, { method, path, body, etag, key }: Write) {
  const headers = {
    ...(etag !== undefined && { 'if-match': `"${etag}"` }),
    ...(key !== undefined && { 'idempotency-key': key }),
  }
  return ask(url, method, path, headers, body)
}

/** @param index of the writer: no two write the same resources */
export function createWriter(index: number, random: Random): Writer {
  const known = new Map<string, View>()
  const next = createIdeas(index, random, known)
  const audit: string[] = []
  /** What was asked last, and whether it was acknowledged, though not seen since. */
  let last: { readonly write: Write; acknowledged: boolean } | null = null
  /** A creation whose answer was lost, and whether it was there. */
  let lost: { readonly write: Write; readonly there: boolean } | null = null

  const note = ({ touches, operation }: Write, views: readonly (View | undefined)[]) => {
    for (const [at, touched] of touches.entries()) {
      const view = views[at]
      if (view === undefined) known.delete(touched)
      else known.set(touched, view)
      audit.push(`${operation} ${touched}`)
    }
  }
  /** What the answer shows; what it does not show is asked for. */
  const viewsOf = (url: string, { touches, path }: Write, json: unknown) =>
    path !== 'registry/apply'
      ? [json === null ? undefined : lasting(json as View)]
      : Promise.all(
          touches.map(async (touched) => {
            const [kind = '', id = ''] = touched.split(' ')
            return lasting((await ask(url, 'GET', pathOf(kind, id))).json as View)
          }),
        )

  /** Whether the last write is there; by half it must not be. */
  const settleLast = (found: Resources, wrong: string[]): boolean => {
    if (last === null) return false
    const { write, acknowledged } = last
    last = null
    const { method, path, touches, wanted, key } = write
    const changed = touches.filter((each) => !isDeepStrictEqual(found.get(each), known.get(each)))
    const there = changed.length > 0
    if (acknowledged && !there) wrong.push(`${method} ${path} was acknowledged and is not there`)
    if (there && changed.length < touches.length) {
      wrong.push(`${changed.length} of ${touches.length} resources of ${method} ${path} are there`)
    }
    for (const touched of changed) {
      if (isAsAsked(found.get(touched), wanted)) continue
      wrong.push(`${touched} is neither as it was nor as ${method} ${path} asked`)
    }
    const views = touches.map((touched) => found.get(touched))
    if (there) note(write, views)
    if (key !== undefined) lost = { write, there }
    return there && !acknowledged
  }

  return {
    audit: () => audit,
    async run(url, onAcknowledged) {
      for (;;) {
        const write = next()
        const asked = { write, acknowledged: false }
        last = asked
        try {
          const { status, json } = await send(url, write)
          if (status >= 300) {
            throw new RangeError(`${write.path}: ${status} ${JSON.stringify(json)}`)
          }
          asked.acknowledged = true
          note(write, await viewsOf(url, write, json))
        } catch (error) {
          if (error instanceof RangeError) throw error
          return
        }
        last = null
        onAcknowledged()
      }
    },
    settle(found) {
      const wrong: string[] = []
      const unsaid = settleLast(found, wrong)
      for (const [touched, view] of known) {
        const now = found.get(touched)
        if (isDeepStrictEqual(now, view)) continue
        wrong.push(`${touched} was ${JSON.stringify(view)}, is ${JSON.stringify(now)}`)
      }
      for (const [touched] of found) {
        const mine = touched.includes(` w${index}-`)
        if (mine && !known.has(touched)) wrong.push(`${touched} is there, and was never asked for`)
      }
      return { wrong, unsaid }
    },
    async repeat(url) {
      if (lost === null) return []
      const { write, there } = lost
      lost = null
      const { status, replayed, json } = await send(url, write)
      if (status !== 201) return [`${write.path} again: ${status} ${JSON.stringify(json)}`]
      if (!there) note(write, [lasting(json as View)])
      const same = isDeepStrictEqual(lasting(json as View), known.get(write.touches[0] ?? ''))
      if (replayed === there && same) return []
      return [
        `${write.path} again: replayed ${replayed}, though it was${there ? '' : ' not'} there`,
      ]
    },
  }
}
