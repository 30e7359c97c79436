/** What inputs are made from: messages of our own captures, and a few made by hand. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readCapture } from '../../src/replay/capture.ts'
import { MessageType } from '../../src/wire/codes.ts'
import { bytesOf } from '../support/vectors.ts'

export const corpusPlace = fileURLToPath(new URL('../corpus', import.meta.url))
const repo = fileURLToPath(new URL('../..', import.meta.url))

function filesOf(folder: string, extension: string): string[] {
  return readdirSync(`${repo}/${folder}`)
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => `${repo}/${folder}/${name}`)
}

/** Octets of `pcaps/*.pcap`. */
export const captureFiles: readonly Uint8Array[] = filesOf('pcaps', '.pcap').map(
  (file) => new Uint8Array(readFileSync(file)),
)

/** Texts of a folder's YAML files. */
export function yamlTexts(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    filesOf(folder, '.yaml').map((file) => readFileSync(file, 'utf8')),
  )
}

/** `{ note, hex }` of `test/corpus/seeds/messages.json`: whole messages made by hand. */
function handMade(): Uint8Array[] {
  const list = JSON.parse(readFileSync(`${corpusPlace}/seeds/messages.json`, 'utf8')) as {
    hex: string
  }[]
  return list.map(({ hex }) => bytesOf(hex))
}

async function captured(): Promise<Uint8Array[]> {
  const messages = new Map<string, Uint8Array>()
  for (const file of filesOf('pcaps', '.pcap')) {
    await readCapture(file, (item) => {
      if (item.kind !== 'message') return
      const { view, start, end } = item
      const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice()
      messages.set(Buffer.from(octets).toString('hex'), octets)
    })
  }
  return [...messages.values()]
}

/** Whole messages of every type. */
export const messages: readonly Uint8Array[] = [...(await captured()), ...handMade()]

/** Whole messages of one type. */
export function messagesOf(type: number): Uint8Array[] {
  return messages.filter((octets) => octets[18] === type)
}

export const updates: readonly Uint8Array[] = messagesOf(MessageType.update)
