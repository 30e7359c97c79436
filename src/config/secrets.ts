/** Secrets that stand in files of their own: read when the daemon starts. */
import { readFile } from 'node:fs/promises'
import type { Principal } from '../peering/kind.ts'
import type { Webhook } from '../push/webhooks.ts'
import type { Config } from './config.ts'
import { isToken, tokenExpected } from './schema.ts'
import { isWebhookSecret, webhookSecretExpected } from './webhook-schema.ts'

/** A token that was read, and who holds it. */
export interface ReadToken extends Principal {
  readonly token: string
}

/** A file with a secret cannot be used; `message` names key and file, and never the secret. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
}

async function readSecretFile(file: string, key: string): Promise<string> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new SecretError(`${key}: ${file} cannot be read (${why})`)
  }
  return text.trim()
}

async function readToken(file: string, key: string): Promise<string> {
  const token = await readSecretFile(file, key)
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

async function readWebhookSecret(file: string, key: string): Promise<string> {
  const secret = await readSecretFile(file, key)
  if (isWebhookSecret(secret)) return secret
  throw new SecretError(`${key}: ${file} holds no secret, expected ${webhookSecretExpected}`)
}

/**
 * Reads the secrets of webhooks that stand in files.
 * @throws SecretError when a file holds none
 */
export async function readWebhooks(webhooks: Config['webhooks']): Promise<Webhook[]> {
  return Promise.all(
    webhooks.map(async ({ secret, ...webhook }, i) => {
      if (secret === null) return { ...webhook, secret }
      const key = `webhooks[${i}].secretFile`
      const read = 'text' in secret ? secret.text : await readWebhookSecret(secret.file, key)
      return { ...webhook, secret: read }
    }),
  )
}
