import type { AlertLine, Message } from '../message.js'
import { oneLine } from '../words.js'
import { type Told, told } from './told.js'
import type { NotifierRequest } from './notifier.js'

/**
 * A message of Slack's incoming webhooks in Block Kit: a header, a section for each alert, a line of
 * context. Limits by docs.slack.dev/reference/block-kit/blocks: 50 blocks, 3,000 characters of a
 * section's text, 150 of a header.
 */
export const slack =
  (url: string) =>
  (message: Message): NotifierRequest => {
    const words = told(message)
    const body = {
      // What a notification shows, and what is read aloud.
      text: escape(oneLine(words.title, 300)),
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: fit(words.title, 150), emoji: false } },
        ...message.alerts.map(line => section(line, words)),
        {
          type: 'context',
          elements: [{ type: 'mrkdwn', text: context(message, words), verbatim: true }],
        },
      ],
      unfurl_links: false,
      unfurl_media: false,
    }
    return { url, headers: {}, body: JSON.stringify(body) }
  }

function section(line: AlertLine, words: Told): object {
  const { headline, figures, finding } = words.line(line)
  const text = [
    `*${escape(headline)}* ${code(line.route ?? line.service, 150)}${line.route === null ? '' : ` of ${code(line.service, 60)}`}`,
    escape(figures),
    ...(finding === null ? [] : [`Top finding: ${code(finding, 250)}`]),
    // Ours: all that telemetry brings into an address is percent-encoded.
    `<${line.link}|Open in Hotpath>`,
  ].join('\n')
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }
}

function context(message: Message, { rest }: Told): string {
  const more = rest === null ? '' : `${escape(rest)} · `
  return `${more}Rule ${code(message.rule, 100)}: ${code(message.condition, 300)} · <${message.url}|Hotpath>`
}

/** The three signs that make mentions, links and dates (docs.slack.dev/messaging/formatting-message-text). */
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Telemetry as code: there `*`, `_`, `~` and `:smile:` are what they are. */
const code = (text: string, most: number): string =>
  `\`${escape(oneLine(text, most).replaceAll('`', "'") || ' ')}\``

/** Escaped, and so many characters long with its escapes. */
function fit(text: string, most: number): string {
  for (let length = most; ; length -= 5) {
    const escaped = escape(oneLine(text, length))
    if (escaped.length <= most) return escaped
  }
}
