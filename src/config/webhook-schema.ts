/** The `webhooks` of the configuration: who is told what happens. */
import { z } from 'zod'
import { severities } from '../engine/types.ts'
import { listOf, mapping, name, oneOf, printable, text, whole } from '../fields/readers.ts'
import { webhookFormats } from '../push/formats.ts'

const urlExpected = 'a URL that begins with http:// or https://, without user and password'

/** Whether notices can be posted to a URL. */
function isReceiver(given: string): boolean {
  if (!URL.canParse(given)) return false
  const { protocol, username, password } = new URL(given)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

const url = text(urlExpected)
  .max(2048, urlExpected)
  .refine(isReceiver, { error: urlExpected, params: { expected: true } })
  .meta({ pattern: '^https?://' })

const secretExpected = '16 to 256 printable characters'
const secret = printable(16, 256)

/** Whether text can be the key of a signature. */
export function isWebhookSecret(given: string): boolean {
  return secret.safeParse(given).success
}
export { secretExpected as webhookSecretExpected }

const webhook = mapping(
  {
    name: name.describe('Unique: the API, the log and the metrics know the receiver by it.'),
    url: url.describe('Where notices are posted. Redirects are not followed.'),
    format: oneOf(webhookFormats)
      .default('cloudevents')
      .describe('cloudevents for programs; slack (also Mattermost), teams, discord for people.'),
    severity: oneOf(severities)
      .default('error')
      .describe('error: prefixes that fail. warning: also those with a warning.'),
    secret: z
      .exactOptional(secret)
      .describe('Key of the signature (HMAC-SHA256); without one nothing is signed.'),
    secretFile: z
      .exactOptional(printable(1, 4096))
      .describe('A file that holds the key, relative to the working directory.'),
    gatherSeconds: whole(0, 3600, 'seconds')
      .default(10)
      .describe('For how long changes are gathered, so that one cause makes one notice.'),
    giveUpHours: whole(1, 168, 'hours')
      .default(24)
      .describe('For how long delivery is tried; then the notice is a dead letter.'),
  },
  'with name and url',
)

export const webhooksSchema = listOf(webhook, 'webhooks')
  .max(50, 'at most 50 webhooks')
  .default([])
  .describe('Who is told when prefixes and sessions fail and recover.')

export type WebhookEntry = z.output<typeof webhook>
