import type { NotifierSettings, Secret } from '../../config/alerts.js'
import { ConsoleError } from '../../errors.js'
import type { Message } from '../message.js'
import { pagerduty } from './pagerduty.js'
import { slack } from './slack.js'
import { webhook } from './webhook.js'

/** What is sent with POST. */
export interface NotifierRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes a message in the form of whom it is for. `nowMs` is the time of the attempt. */
export interface Notifier {
  readonly name: string
  readonly kind: NotifierSettings['kind']
  write(message: Message, nowMs: number): NotifierRequest
}

export interface Notifiers {
  readonly notifiers: readonly Notifier[]
  /** Those that are off, in sentences: what gives their secret gave nothing. */
  readonly off: readonly string[]
}

/**
 * Makes the notifiers of a config, and calls the functions that give secrets. One whose secret is not
 * set is off, and said to be: a colleague without the keys can still start the console. Throws a
 * `ConsoleError` for a value of the wrong form, without the value.
 */
export function notifiersOf(settings: readonly NotifierSettings[]): Notifiers {
  const notifiers: Notifier[] = []
  const off: string[] = []
  for (const setting of settings) {
    const { name, kind } = setting
    const target = valueOf(setting, kind, setting.target)
    const secret = setting.secret && valueOf(setting, 'secret', setting.secret)
    if (target === undefined || (kind === 'webhook' && secret === undefined)) {
      const key = target === undefined ? kind : 'secret'
      off.push(`The notifier ${name} is off: what gives its \`${key}\` gave nothing.`)
    } else if (kind === 'slack')
      notifiers.push({ name, kind, write: slack(addressOf(name, kind, target)) })
    else if (kind === 'webhook')
      notifiers.push({
        name,
        kind,
        write: webhook(addressOf(name, kind, target), keyOf(name, secret ?? '')),
      })
    else
      notifiers.push({ name, kind, write: pagerduty(routingKeyOf(name, target), setting.endpoint) })
  }
  return { notifiers, off }
}

function valueOf({ name }: NotifierSettings, key: string, secret: Secret): string | undefined {
  if (typeof secret === 'string') return secret
  let value: unknown
  try {
    value = secret()
  } catch {
    // The message of what it threw may hold the secret.
    throw wrong(name, key, 'a function that gives a text', 'one that throws')
  }
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw wrong(name, key, 'a text', `a ${typeof value}`)
  return value
}

function addressOf(name: string, key: string, address: string): string {
  if (!/^https?:\/\/[^\s/]/.test(address) || !URL.canParse(address))
    throw wrong(name, key, 'an address that begins with https://', 'not')
  return address
}

function routingKeyOf(name: string, key: string): string {
  // 32 characters of letters and digits, says the documentation of Events API v2.
  if (!/^[0-9A-Za-z]{32}$/.test(key))
    throw wrong(name, 'pagerduty', 'an integration key of 32 letters and digits', 'not')
  return key
}

/** Standard Webhooks: `whsec_` and base64 of 24 to 64 random bytes. */
function keyOf(name: string, secret: string): Buffer {
  const text = /^whsec_([0-9A-Za-z+/]+={0,2})$/.exec(secret)?.[1] ?? ''
  const key = Buffer.from(text, 'base64')
  if (key.length >= 24 && key.length <= 64) return key
  const make = `node -p "'whsec_' + crypto.randomBytes(32).toString('base64')"`
  throw wrong(name, 'secret', `whsec_ and 24 to 64 bytes in base64 (\`${make}\` makes one)`, 'not')
}

const wrong = (name: string, key: string, expected: string, got: string): ConsoleError =>
  new ConsoleError('CONFIG_VALUE', {
    file: 'hotpath.console.config',
    key: `notify.${name}.${key}`,
    expected,
    got,
  })
