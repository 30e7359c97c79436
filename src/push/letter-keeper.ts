/**
 * Brings the letters of webhooks to the store, and back after a restart. Changes are gathered and written
 * in the order in which they were made; a disk that takes nothing holds up no delivery.
 */
import type { Clock } from '../session/types.ts'
import type { KeptLetter, LetterChange, Store } from '../store/types.ts'
import type { DeadLetter, Letter } from './delivery.ts'

/** What a delivery tells of its letters, so that they outlive the daemon. */
export interface LetterBox {
  /** It waits, behind the others. */
  wait(letter: Letter): void
  /** It is dead, the newest. */
  bury(letter: DeadLetter): void
  /** It was delivered, or is no longer kept. */
  forget(id: string): void
}

/** The letters of a webhook, in their order. */
export interface Letters {
  readonly waiting: readonly Letter[]
  readonly dead: readonly DeadLetter[]
}

export interface LetterKeeper {
  /** Those that an earlier run left; once. */
  left(webhook: string): Letters
  box(webhook: string): LetterBox
  /** Resolves when all was tried to be written once more. */
  flush(): Promise<void>
}

/** Milliseconds that changes are gathered, and until what could not be written is tried again. */
const GATHER = 100
const RETRY = 5000
/** Changes written at a time. */
const BATCH = 200
/** Milliseconds that letters to webhooks are kept that are no longer configured: thirty days. */
const KEPT_UNUSED = 30 * 86_400_000

/** How they were left, by webhook. */
function groupLetters(kept: readonly KeptLetter[]): Map<string, Letters> {
  const groups = new Map<string, { waiting: Letter[]; dead: DeadLetter[] }>()
  for (const letter of kept) {
    const { webhook, dead } = letter
    const group = groups.get(webhook) ?? { waiting: [], dead: [] }
    groups.set(webhook, group)
    if (dead === undefined) group.waiting.push(letterOf(letter))
    else {
      group.dead.push({ ...letterOf(letter), diedAt: dead.at, tries: dead.tries, why: dead.why })
    }
  }
  return groups
}

function letterOf({ id, title, contentType, body, madeAt }: KeptLetter): Letter {
  return { id, title, body: { contentType, text: body }, madeAt }
}

function keptOf(webhook: string, { id, title, body, madeAt }: Letter): KeptLetter {
  return { webhook, id, title, contentType: body.contentType, body: body.text, madeAt }
}

/**
 * Reads what an earlier run left, and forgets what was for webhooks that are gone for thirty days.
 * @param webhooks those that are configured
 * @throws StoreError when the file cannot be read
 */
export async function openLetterKeeper(
  store: Pick<Store, 'letters' | 'keepLetters'>,
  webhooks: readonly { readonly name: string }[],
  clock: Clock,
): Promise<LetterKeeper> {
  const kept = await store.letters()
  const keyOf = ({ webhook, id }: Pick<KeptLetter, 'webhook' | 'id'>) => `${webhook}\n${id}`
  const left = groupLetters(kept)
  const stored = new Set(kept.map(keyOf))
  /** What is to be written, by letter: of several changes the last. */
  const changes = new Map<string, LetterChange>()
  let cancel: (() => void) | null = null
  let writing: Promise<void> | null = null

  const schedule = (delay: number) => {
    if (cancel !== null || writing !== null || changes.size === 0) return
    cancel = clock.after(delay, () => {
      cancel = null
      void write()
    })
  }

  const change = (key: string, made: LetterChange) => {
    changes.delete(key)
    // What was never written needs no removal, so a disk that is full fills no memory.
    if ('put' in made || stored.has(key)) changes.set(key, made)
    schedule(GATHER)
  }

  const writeBatch = async () => {
    const batch = [...changes].slice(0, BATCH)
    for (const [key, made] of batch) {
      changes.delete(key)
      if ('put' in made) stored.add(key)
    }
    await store.keepLetters(batch.map(([, made]) => made)).then(
      () => {
        for (const [key, made] of batch) {
          if ('forget' in made && !changes.has(key)) stored.delete(key)
        }
        writing = null
        schedule(GATHER)
      },
      () => {
        // Before those made meanwhile, which may be about the same letters.
        const later = [...changes]
        changes.clear()
        for (const [key, made] of [...batch, ...later]) {
          changes.delete(key)
          changes.set(key, made)
        }
        writing = null
        schedule(RETRY)
      },
    )
  }

  /** Writes a batch, or joins the one that is on its way. */
  const write = () => {
    cancel?.()
    cancel = null
    writing ??= writeBatch()
    return writing
  }

  const used = new Set(webhooks.map(({ name }) => name))
  for (const { webhook, id, madeAt } of kept) {
    if (used.has(webhook) || clock.now() - madeAt < KEPT_UNUSED) continue
    change(keyOf({ webhook, id }), { forget: { webhook, id } })
  }

  return {
    left(webhook) {
      const own = left.get(webhook) ?? { waiting: [], dead: [] }
      left.delete(webhook)
      return own
    },
    box: (webhook) => ({
      wait(letter) {
        const put = keptOf(webhook, letter)
        change(keyOf(put), { put })
      },
      bury(letter) {
        const { diedAt, tries, why } = letter
        const put = { ...keptOf(webhook, letter), dead: { at: diedAt, tries, why } }
        change(keyOf(put), { put })
      },
      forget: (id) => change(keyOf({ webhook, id }), { forget: { webhook, id } }),
    }),
    async flush() {
      await writing
      for (let left = changes.size; left > 0; left -= BATCH) await write()
      cancel?.()
      cancel = null
    },
  }
}
