import { createHmac } from 'node:crypto'
import { ended, type Message } from '../message.js'
import type { NotifierRequest } from './notifier.js'

/**
 * A webhook signed as Standard Webhooks 1.0.0 says (standardwebhooks.com): HMAC-SHA256 over id, time of
 * the attempt and body, so that libraries of many languages verify it. The id stays the same at every
 * attempt, so that a repetition can be dropped.
 */
export const webhook =
  (url: string, key: Buffer) =>
  (message: Message, nowMs: number): NotifierRequest => {
    const body = JSON.stringify(payloadOf(message))
    const seconds = String(Math.floor(nowMs / 1e3))
    const signature = createHmac('sha256', key)
      .update(`${message.id}.${seconds}.${body}`)
      .digest('base64')
    return {
      url,
      headers: {
        'webhook-id': message.id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${signature}`,
      },
      body,
    }
  }

/** `type`, `timestamp` and `data`, as the specification recommends; the shape is in docs/alerts.md. */
function payloadOf(message: Message): object {
  return {
    type: `alert.${message.kind}`,
    timestamp: new Date(message.atMs).toISOString(),
    data: {
      rule: message.rule,
      condition: message.condition,
      severity: message.severity,
      episode: message.episode,
      firing: message.firing,
      unit: message.unit,
      alerts: message.alerts.map(({ kind, atMs, beganMs, ...line }) => ({
        state: ended({ kind }) ? 'resolved' : 'firing',
        reason: kind,
        ...line,
        began: new Date(beganMs).toISOString(),
        at: new Date(atMs).toISOString(),
      })),
      more: message.more,
    },
  }
}
