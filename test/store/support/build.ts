/** What tests of the store write into it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type StoreOptions } from '../../../src/store/store.ts'
import type {
  AuditEntry,
  NewHistoryEvent,
  ResourceChange,
  Transaction,
} from '../../../src/store/types.ts'

/** A time to begin at, milliseconds since the epoch: 2026-01-01T00:00:00Z. */
export const T0 = 1_767_225_600_000

export function change(id: string, basedOn: number, document: ResourceChange['document'] = { id }) {
  return { kind: 'peering', id, document, basedOn }
}

export function transaction(
  changes: readonly ResourceChange[],
  more: Partial<Transaction> = {},
): Transaction {
  return { time: T0, changes, audit: [], ...more }
}

export function auditEntry(more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    time: T0,
    who: 'alice',
    role: 'admin',
    operation: 'create',
    kind: 'peering',
    id: 'ams',
    before: null,
    after: { name: 'ams' },
    ...more,
  }
}

export function historyEvent(more: Partial<NewHistoryEvent> = {}): NewHistoryEvent {
  return {
    time: T0,
    type: 'PrefixAnnouncementEvent',
    level: 'Information',
    prefix: 'web',
    session: 'edge-a',
    summary: 'announced',
    description: 'It is announced.',
    detail: { originAsn: 64501 },
    ...more,
  }
}

/** A directory of its own, removed by `remove`. */
export function scratchDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'bgpwarden-store-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/**
 * Opens a store with bounds that no test meets by chance.
 * @param open how; absent: from the sources
 */
export function openTestStore(path: string, more: Partial<StoreOptions> = {}, open = openStore) {
  return open({
    path,
    eventDays: 30,
    auditDays: 730,
    maxBytes: 1 << 30,
    now: () => T0,
    gatherMs: 5,
    ...more,
  })
}
