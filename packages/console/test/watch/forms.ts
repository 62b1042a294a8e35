import assert from 'node:assert/strict'
import { Webhook } from 'standardwebhooks'
import type { Received } from './receiver.js'

/**
 * Checks what was received against the documented forms, strictly: what the documentation does not name is
 * refused. Written from the documentation and not from our notifiers, so that one checks the other.
 */

type Json = Record<string, unknown>

const only = (of: Json, known: readonly string[]): void =>
  assert.deepEqual(
    Object.keys(of).filter(key => !known.includes(key)),
    [],
  )

function textOf(value: unknown, most: number, least = 1): string {
  assert.equal(typeof value, 'string')
  const text = value as string
  assert.ok(text.length >= least && text.length <= most, `${text.length} of ${most} characters`)
  assert.ok(!/[\ud800-\udbff](?![\udc00-\udfff])/.test(text), 'half a character')
  return text
}

function plainPost({ headers, json }: Received): Json {
  assert.match(String(headers['content-type']), /^application\/json/)
  return json
}

/** Marks that are left in a text when what we made ourselves is taken out: links to the console, code, emphasis. */
function foreignMarkup(mrkdwn: string, console: string): string {
  return mrkdwn
    .replace(/`[^`\n]+`/g, code => code.slice(1, -1).replace(/[*_~:]/g, ''))
    .replace(/<([^|>]+)\|(Open in Hotpath|Hotpath)>/g, (_, url: string) => {
      assert.ok(url.startsWith(console), url)
      return ''
    })
    .replace(/^\*[A-Z][a-z ,]+:\*/gm, '')
}

/**
 * docs.slack.dev/reference/block-kit/blocks (header, section, context), .../composition-objects/text-object,
 * docs.slack.dev/messaging/formatting-message-text: `&`, `<` and `>` are escaped, so what is left of them
 * begins an entity or a link. Returns all text.
 */
export function checkSlack(received: Received, console: string): string {
  const body = plainPost(received)
  only(body, ['text', 'blocks', 'unfurl_links', 'unfurl_media'])
  assert.doesNotMatch(textOf(body['text'], 40_000), /[<>]|&(?!amp;|lt;|gt;)/)
  const blocks = body['blocks'] as Json[]
  assert.ok(blocks.length >= 1 && blocks.length <= 50, `${blocks.length} blocks`)
  const texts = blocks.flatMap(block => textsOf(block))
  const sum = texts.reduce((all, { text }) => all + String(text).length, 0)
  assert.ok(sum <= 13_000, `${sum} characters in all: over 13,000 Slack says msg_blocks_too_long`)
  for (const { type, text, emoji } of texts) {
    const rest = type === 'plain_text' ? String(text) : foreignMarkup(String(text), console)
    assert.doesNotMatch(rest, /[<>]|&(?!amp;|lt;|gt;)/)
    if (type === 'plain_text') assert.equal(emoji, false)
    else assert.doesNotMatch(rest, /[*_~`]|:[a-z_]+:/)
  }
  return texts.map(({ text }) => String(text)).join('\n')
}

function textsOf(block: Json): Json[] {
  switch (block['type']) {
    case 'header': {
      only(block, ['type', 'text', 'block_id'])
      return [textObject(block['text'], 150, ['plain_text'])]
    }
    case 'section': {
      only(block, ['type', 'text', 'block_id', 'fields', 'accessory', 'expand'])
      return [textObject(block['text'], 3_000, ['plain_text', 'mrkdwn'])]
    }
    case 'context': {
      only(block, ['type', 'elements', 'block_id'])
      const elements = block['elements'] as unknown[]
      assert.ok(elements.length >= 1 && elements.length <= 10)
      return elements.map(element => textObject(element, 3_000, ['plain_text', 'mrkdwn']))
    }
    default:
      throw new assert.AssertionError({ message: `a block of type ${String(block['type'])}` })
  }
}

function textObject(value: unknown, most: number, types: readonly string[]): Json {
  const object = value as Json
  assert.ok(types.includes(String(object['type'])))
  only(object, ['type', 'text', object['type'] === 'plain_text' ? 'emoji' : 'verbatim'])
  textOf(object['text'], most)
  return object
}

/** developer.pagerduty.com/docs/send-alert-event, and its limits. */
export function checkPagerduty(received: Received, routingKey: string): Json {
  const body = plainPost(received)
  assert.equal(received.path, '/v2/enqueue')
  assert.ok(received.body.length < 512_000)
  only(body, [
    'routing_key',
    'event_action',
    'dedup_key',
    'payload',
    'images',
    'links',
    'client',
    'client_url',
  ])
  assert.equal(body['routing_key'], routingKey)
  assert.ok(['trigger', 'acknowledge', 'resolve'].includes(String(body['event_action'])))
  textOf(body['dedup_key'], 255)
  const payload = body['payload'] as Json
  only(payload, [
    'summary',
    'source',
    'severity',
    'timestamp',
    'component',
    'group',
    'class',
    'custom_details',
  ])
  textOf(payload['summary'], 1_024)
  textOf(payload['source'], 255)
  assert.ok(['critical', 'error', 'warning', 'info'].includes(String(payload['severity'])))
  assert.match(String(payload['timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(typeof payload['custom_details'], 'object')
  for (const link of body['links'] as Json[]) {
    only(link, ['href', 'text'])
    assert.ok(URL.canParse(String(link['href'])))
  }
  return body
}

/** Standard Webhooks 1.0.0, verified by its reference library; the time is that of the attempt. */
export function checkWebhook(received: Received, secret: string, nowMs: number): Json {
  const body = plainPost(received)
  const { headers } = received
  assert.match(String(headers['webhook-id']), /^[^.\s]+$/)
  assert.equal(headers['webhook-timestamp'], String(Math.floor(nowMs / 1e3)))
  assert.match(String(headers['webhook-signature']), /^v1,[A-Za-z0-9+/]{43}=$/)
  verifySignature(received, secret)
  only(body, ['type', 'timestamp', 'data'])
  assert.match(String(body['type']), /^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/)
  assert.match(String(body['timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.ok(
    received.body.length <= 20_000,
    `${received.body.length} bytes of the recommended 20 kB`,
  )
  return body
}

function verifySignature({ headers, body }: Received, secret: string): void {
  const library = new Webhook(secret)
  const [id, seconds] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])]
  // The library refuses times that are not of today's clock: so it signs, and the signatures are compared.
  const signature = library.sign(id, new Date(Number(seconds) * 1e3), body)
  assert.equal(headers['webhook-signature'], signature)
  assert.notEqual(signature, library.sign(id, new Date(Number(seconds) * 1e3), `${body} `))
}
