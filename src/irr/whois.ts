/**
 * Asks a registry server over TCP port 43: in the query language of IRRd (`!r`, as RADB and most IRRs
 * speak it), or in that of RIPE's whois.
 */
import { connect } from 'node:net'
import { familyName, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { readAutNum } from './dump.ts'
import { attributeOf, createRpslReader } from './rpsl.ts'
import type { WhoisStyle } from './whois-styles.ts'

export interface WhoisServer {
  readonly host: string
  readonly port: number
  readonly style: WhoisStyle
  /** Registries that are asked; empty: those the server asks by itself. */
  readonly sources: readonly string[]
}

/** A server did not answer, or not in its language; `message` names it and says why. */
export class WhoisError extends Error {
  override readonly name = 'WhoisError'
}

/** Milliseconds for the whole conversation. */
const TIMEOUT = 10_000
/** Characters of an answer. */
const MOST_ANSWER = 1 << 20

/** One query, one answer, then the server closes. @throws Error */
function ask({ host, port }: WhoisServer, query: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    let answer = ''
    const fail = (why: string) => {
      clearTimeout(timer)
      socket.destroy()
      reject(new Error(why))
    }
    const timer = setTimeout(() => fail(`no answer within ${TIMEOUT / 1000} s`), TIMEOUT)
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write(query))
    socket.on('data', (piece: string) => {
      answer += piece
      if (answer.length > MOST_ANSWER) fail('the answer is longer than a million characters')
    })
    socket.on('error', (error) => fail(error.message))
    socket.on('end', () => {
      clearTimeout(timer)
      socket.end()
      resolve(answer)
    })
  })
}

/**
 * Reads IRRd's answer to the last command: `A<length>`, data, `C`; `C` alone: nothing to say; `D`: no
 * such key; `F <why>`: an error.
 */
export function readIrrdAnswer(answer: string): string {
  const lines = answer.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string
    const [, length] = /^A(\d+)$/.exec(line) ?? []
    if (length !== undefined) {
      const from = lines.slice(0, i + 1).join('\n').length + 1
      return answer.slice(from, from + Number(length)).trim()
    }
    if (line.startsWith('F')) throw new Error(`it says "${line.slice(1).trim()}"`)
    if (line === 'D') return ''
  }
  if (lines.some((line) => line === 'C')) return ''
  throw new Error('the answer is not that of an IRRd server')
}

async function askIrrd(server: WhoisServer, prefix: string): Promise<number[]> {
  const select = server.sources.length > 0 ? `!s${server.sources.join(',')}\n` : ''
  const answer = await ask(server, `!!\n${select}!r${prefix},o\n!q\n`)
  // The answer to !s is a C of its own: what follows it is that to !r.
  const last = select === '' ? answer : answer.replace(/^C\r?\n/, '')
  return readIrrdAnswer(last)
    .split(/\s+/)
    .map(readAutNum)
    .filter((asn) => asn !== undefined)
}

async function askRipe(server: WhoisServer, prefix: string, kind: string): Promise<number[]> {
  const sources = server.sources.length > 0 ? `-s ${server.sources.join(',')} ` : ''
  const answer = await ask(server, `-r -x ${sources}-T ${kind} ${prefix}\r\n`)
  const origins: number[] = []
  const reader = createRpslReader(new Set([kind]), (object) => {
    const asn = readAutNum(attributeOf(object, 'origin') ?? '')
    if (asn !== undefined) origins.push(asn)
  })
  reader.push(answer)
  reader.end()
  return origins
}

/**
 * Asks for the AS numbers that route objects of exactly this prefix record as origin.
 * @throws WhoisError
 */
export async function askOrigins(server: WhoisServer, prefix: Prefix): Promise<number[]> {
  const text = formatPrefix(prefix)
  const kind = familyName(prefix.family) === 'ipv4' ? 'route' : 'route6'
  try {
    return await (server.style === 'irrd' ? askIrrd(server, text) : askRipe(server, text, kind))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new WhoisError(`${server.host} port ${server.port} gave no answer: ${why}`)
  }
}
