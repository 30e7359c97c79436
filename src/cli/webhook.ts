/** `bgpwarden webhook list | test | dead-letters | resend` */
import type {
  DeadLetterJson,
  DeadLetterListJson,
  WebhookJson,
  WebhookListJson,
} from '../api/webhook-routes.ts'
import { formatDuration } from '../telemetry/duration.ts'
import { type ClientOptions, createApiClient, jsonDocument, segment } from './api-client.ts'
import { Exit } from './failure.ts'
import { type Column, renderTable } from './table.ts'
import { styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatAge } from './text.ts'

/** Prints the webhooks and how deliveries go. */
export async function webhookList(
  { api, tokenFile, json }: ClientOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const { items } = await createApiClient({ api, tokenFile }).get<WebhookListJson>('webhooks')
  if (json) {
    terminal.write(jsonDocument(items))
    return Exit.ok
  }
  if (items.length === 0) terminal.error('The daemon has no webhooks.\n')
  else terminal.write(renderTable(webhookColumns(terminal, now), items, terminal))
  return Exit.ok
}

function webhookColumns(terminal: Terminal, now: number): Column<WebhookJson>[] {
  const style = styleFor(terminal.color)
  const last = ({ lastDeliveredAt }: WebhookJson) =>
    lastDeliveredAt === null ? 'never' : `${formatAge(now - Date.parse(lastDeliveredAt))} ago`
  return [
    { title: 'NAME', value: ({ name }) => cleanText(name) },
    { title: 'TO', value: ({ origin }) => cleanText(origin), minimum: 20 },
    { title: 'FORMAT', value: ({ format }) => format },
    { title: 'WAITING', value: ({ waiting }) => String(waiting), align: 'right' },
    { title: 'DELIVERED', value: ({ delivered }) => String(delivered), align: 'right' },
    { title: 'LAST', value: last },
    {
      title: 'DEAD',
      value: ({ dead }) => String(dead),
      align: 'right',
      paint: (text, { dead }) => (dead > 0 ? style.red(text) : text),
    },
    { title: 'LAST ERROR', value: ({ lastError }) => cleanText(lastError ?? ''), minimum: 16 },
  ]
}

/** Has a test sent. */
export async function webhookTest(
  name: string,
  { api, tokenFile, json }: ClientOptions,
  terminal: Terminal,
): Promise<number> {
  const answer = await createApiClient({ api, tokenFile }).post(`webhooks/${segment(name)}/test`)
  if (json) terminal.write(jsonDocument(answer))
  else terminal.write(`A test is on its way; "bgpwarden webhook list" says whether it arrived.\n`)
  return Exit.ok
}

/** Prints what could not be delivered. */
export async function webhookDeadLetters(
  name: string,
  { api, tokenFile, json }: ClientOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const path = `webhooks/${segment(name)}/dead-letters`
  const { items } = await createApiClient({ api, tokenFile }).get<DeadLetterListJson>(path)
  const columns: Column<DeadLetterJson>[] = [
    { title: 'MADE', value: ({ madeAt }) => `${formatDuration(now - Date.parse(madeAt))} ago` },
    { title: 'NOTICE', value: ({ title }) => cleanText(title), minimum: 24 },
    { title: 'TRIES', value: ({ tries }) => String(tries), align: 'right' },
    { title: 'WHY', value: ({ why }) => cleanText(why), minimum: 20 },
  ]
  if (json) terminal.write(jsonDocument(items))
  else if (items.length === 0) terminal.error('Every notice was delivered, or still may be.\n')
  else terminal.write(renderTable(columns, items, terminal))
  return Exit.ok
}

/** Has dead letters sent anew. */
export async function webhookResend(
  name: string,
  { api, tokenFile, json }: ClientOptions,
  terminal: Terminal,
): Promise<number> {
  const path = `webhooks/${segment(name)}/resend`
  const answer = await createApiClient({ api, tokenFile }).post<{ readonly resent: number }>(path)
  if (json) terminal.write(jsonDocument(answer))
  else
    terminal.write(
      `${answer.resent} ${answer.resent === 1 ? 'notice is' : 'notices are'} sent anew.\n`,
    )
  return Exit.ok
}
