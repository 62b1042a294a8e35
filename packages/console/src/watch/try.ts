import { randomUUID } from 'node:crypto'
import type { Message } from './message.js'
import type { Notifier } from './notify/notifier.js'
import { send } from './notify/send.js'
import { linkTo } from './link.js'

export interface Trial {
  readonly notifier: string
  readonly kind: Notifier['kind']
  /** Null when it was taken. */
  readonly error: string | null
}

/** Sends a message that says that it is a test to each notifier, and says what came back. */
export function tryNotifiers(
  notifiers: readonly Notifier[],
  url: string,
  nowMs: number,
): Promise<Trial[]> {
  const message = testMessage(url, nowMs)
  return Promise.all(
    notifiers.map(async notifier => {
      const error = await attempt(notifier, message, nowMs)
      // So that no incident stays open; whether it works has been seen.
      if (notifier.kind === 'pagerduty' && error === null)
        await attempt(notifier, { ...message, kind: 'resolved' }, nowMs)
      return { notifier: notifier.name, kind: notifier.kind, error }
    }),
  )
}

async function attempt(
  notifier: Notifier,
  message: Message,
  nowMs: number,
): Promise<string | null> {
  const never = new AbortController().signal
  const outcome = await send(notifier.write(message, nowMs), never, nowMs)
  return outcome.kind === 'delivered' ? null : outcome.error
}

function testMessage(url: string, nowMs: number): Message {
  const id = randomUUID().replaceAll('-', '')
  const place = { service: 'example', route: 'GET /example' }
  return {
    id: `msg_${id}`,
    kind: 'test',
    rule: 'test',
    condition: 'average over 200 ms for 1 min on GET /example',
    unit: 'ms',
    severity: 'info',
    episode: id,
    atMs: nowMs,
    firing: 0,
    alerts: [
      {
        ...place,
        kind: 'firing',
        value: 340,
        bound: 200,
        usual: null,
        requests: 1_204,
        atMs: nowMs,
        beganMs: nowMs - 60_000,
        link: linkTo(url, { ...place, sinceMs: nowMs - 960_000, untilMs: nowMs }),
      },
    ],
    more: 0,
    url,
  }
}
