/** Bodies of deliveries: CloudEvents for programs, and the simplest message of each chat tool. */
import { cloudEvent, type Notice, type NoticeSource } from './notice.ts'

/** `mattermost` and `rocketchat` take what `slack` takes. */
export const webhookFormats = ['cloudevents', 'slack', 'teams', 'discord'] as const
export type WebhookFormat = (typeof webhookFormats)[number]

export interface Body {
  readonly contentType: string
  readonly text: string
}

/** Subjects named in a chat message; the notice says how many there are. */
const NAMED_IN_CHAT = 10
/** Characters that a Discord message may have. */
const DISCORD_LIMIT = 2000

const marks: Record<Notice['kind'], string> = {
  failed: '🔴',
  recovered: '🟢',
  flapping: '🟠',
  test: '🔵',
}

/** The notice as a few lines: the title, then each subject with why. */
function lines(notice: Notice): string[] {
  const named = notice.subjects.slice(0, NAMED_IN_CHAT)
  const each = named.map(({ name, prefix, message }) => {
    const who = prefix === undefined ? name : `${name} (${prefix})`
    return message === '' || notice.kind === 'recovered' ? `• ${who}` : `• ${who}: ${message}`
  })
  const rest = notice.count - named.length
  const more = rest > 0 ? [`… and ${rest} more`] : []
  const title = `${marks[notice.kind]} ${notice.title}`
  const single = notice.count === 1 && (notice.kind === 'recovered' || notice.about === 'session')
  return single ? [title] : [title, ...each, ...more]
}

/** Slack's three control characters (its own mrkdwn escaping). */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** An Adaptive Card in the envelope that Teams' incoming webhooks take. */
function teamsCard([title = '', ...rest]: readonly string[]) {
  const block = (text: string, more: object) => ({ type: 'TextBlock', text, wrap: true, ...more })
  const body = [
    block(title, { weight: 'Bolder', size: 'Medium' }),
    ...(rest.length > 0 ? [block(rest.join('\n\n'), {})] : []),
  ]
  const content = { type: 'AdaptiveCard', version: '1.4', body }
  const contentType = 'application/vnd.microsoft.card.adaptive'
  return { type: 'message', attachments: [{ contentType, content }] }
}

/** @returns what is posted for a notice */
export function writeBody(format: WebhookFormat, notice: Notice, source: NoticeSource): Body {
  const json = (value: unknown): Body => ({
    contentType: 'application/json',
    text: JSON.stringify(value),
  })
  switch (format) {
    case 'cloudevents':
      return {
        contentType: 'application/cloudevents+json; charset=utf-8',
        text: JSON.stringify(cloudEvent(notice, source)),
      }
    case 'slack':
      return json({ text: escapeSlack(lines(notice).join('\n')) })
    case 'teams':
      return json(teamsCard(lines(notice)))
    case 'discord': {
      const content = lines(notice).join('\n').slice(0, DISCORD_LIMIT)
      // Nothing that a peer sends may call people.
      return json({ content, allowed_mentions: { parse: [] } })
    }
  }
}
