/** Secrets that stand in files of their own: read when the daemon starts. */
import { readFile } from 'node:fs/promises'
import type { Principal } from '../peering/kind.ts'
import type { Config } from './config.ts'
import { isToken, tokenExpected } from './schema.ts'

/** A token that was read, and who holds it. */
export interface ReadToken extends Principal {
  readonly token: string
}

/** A file with a secret cannot be used; `message` names key and file, and never the secret. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
}

async function readToken(file: string, key: string): Promise<string> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new SecretError(`${key}: ${file} cannot be read (${why})`)
  }
  const token = text.trim()
  if (isToken(token)) return token
  throw new SecretError(`${key}: ${file} holds no token, expected ${tokenExpected}`)
}

/**
 * Reads the tokens that stand in files.
 * @throws SecretError when a file holds no token, or a token that somebody else has
 */
export async function readTokens(tokens: Config['listen']['http']['tokens']): Promise<ReadToken[]> {
  const read: ReadToken[] = []
  for (const [i, { name, role, owner, secret }] of tokens.entries()) {
    const key = `listen.http.tokens[${i}].tokenFile`
    const token = 'token' in secret ? secret.token : await readToken(secret.file, key)
    const same = read.find((other) => other.token === token)
    if (same !== undefined) {
      throw new SecretError(`${key}: the token is that of ${same.name}, expected another`)
    }
    read.push({ name, role, owner, token })
  }
  return read
}
