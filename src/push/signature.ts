/** Proof to a receiver that a delivery is ours and unchanged: the Standard Webhooks signature. */
import { createHmac } from 'node:crypto'

/** A key that the Standard Webhooks libraries take: base64 after this. */
const ENCODED = 'whsec_'

function keyOf(secret: string): Buffer {
  return secret.startsWith(ENCODED)
    ? Buffer.from(secret.slice(ENCODED.length), 'base64')
    : Buffer.from(secret)
}

/**
 * Signs a delivery: HMAC-SHA256 over `id.timestamp.body`.
 * @param secret any text, or `whsec_` and the key in base64
 * @param timestamp seconds since the epoch, of this try
 * @returns header fields, by name
 */
export function signatureHeaders(secret: string, id: string, timestamp: number, body: string) {
  const mac = createHmac('sha256', keyOf(secret))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': `${timestamp}`,
    'webhook-signature': `v1,${mac}`,
  }
}
