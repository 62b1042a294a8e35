import type { AlertRule } from '../config/alerts.js'
import type { Finding } from '../model.js'
import type { Window } from '../store/store.js'
import { type AlertEvent, ended, episodeOf, type Message, messageOf } from './message.js'
import type { Book } from './state-file.js'

export const emptyBook: Book = {
  rule: null,
  episode: null,
  lastMessageMs: null,
  lastMessage: null,
  untold: [],
}

/** After a message of a rule the next waits so long, and holds all that happened meanwhile. */
const groupMs = 60_000
/** Findings are of this much before. */
const findingsMs = 900_000
/** An alert does not wait for more than this to say why. */
const findingsPatienceMs = 10_000

export interface Announcement {
  readonly rule: AlertRule
  readonly book: Book
  /** All alerts of the rule that fire now. */
  readonly firing: readonly AlertEvent[]
  readonly nowMs: number
  readonly url: string
  readonly findings: (window: Window) => Promise<readonly Finding[]>
}

/**
 * What is to be told of a rule now, and its book afterwards. The first alert is told at once; what
 * follows within a minute comes in one message, so 50 routes that slow down together are two messages
 * at most.
 */
export async function announce(
  of: Announcement,
): Promise<{ readonly book: Book; readonly messages: readonly Message[] }> {
  const { rule, book, firing, nowMs } = of
  const sinceMs = book.lastMessageMs === null ? Infinity : nowMs - book.lastMessageMs
  // Negative: the clock was put back.
  const isFree = sinceMs >= groupMs || sinceMs < 0
  const isReminder =
    book.untold.length === 0 &&
    firing.length > 0 &&
    rule.remindMs !== null &&
    book.lastMessageMs !== null &&
    sinceMs >= rule.remindMs
  if (!isReminder && (book.untold.length === 0 || !isFree)) return { book, messages: [] }
  const events = isReminder ? firing : book.untold
  const [first] = events
  const episode = book.episode ?? episodeOf(rule.name, first?.atMs ?? nowMs)
  const findings = await findingsFor(events, of)
  const message = (kind: Message['kind'], told: readonly AlertEvent[]): Message =>
    messageOf({
      kind,
      rule,
      episode,
      events: told,
      firing: firing.length,
      atMs: nowMs,
      url: of.url,
      findings,
    })
  const messages = isReminder
    ? [message('reminder', events)]
    : split(events, firing.length, message)
  return {
    messages,
    book: {
      rule: firing.length === 0 ? null : rule,
      episode: firing.length === 0 ? null : episode,
      lastMessageMs: nowMs,
      lastMessage: messages.at(-1)?.id ?? book.lastMessage,
      untold: [],
    },
  }
}

/** What fired and ended before it could be told is told all the same: first that it fired, then that all is over. */
function split(
  events: readonly AlertEvent[],
  firing: number,
  message: (kind: Message['kind'], told: readonly AlertEvent[]) => Message,
): Message[] {
  if (firing > 0) return [message('firing', events)]
  const fired = events.filter(event => !ended(event))
  const over = events.filter(ended)
  return [
    ...(fired.length > 0 ? [message('firing', fired)] : []),
    ...(over.length > 0 ? [message('resolved', over)] : []),
  ]
}

/** Why; nothing when that cannot be found out, or not in time: a message without a cause is still one. */
async function findingsFor(
  events: readonly AlertEvent[],
  { nowMs, findings }: Announcement,
): Promise<readonly Finding[]> {
  const fired = events.filter(event => !ended(event))
  if (fired.length === 0) return []
  const services = new Set(fired.map(({ service }) => service))
  const [only] = services
  const window = {
    sinceMs: Math.min(...fired.map(({ beganMs }) => beganMs)) - findingsMs,
    untilMs: nowMs,
    ...(services.size === 1 && only !== undefined ? { service: only } : {}),
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<readonly Finding[]>(resolve => {
    timer = setTimeout(() => resolve([]), findingsPatienceMs)
  })
  try {
    return await Promise.race([findings(window).catch(() => []), late])
  } finally {
    clearTimeout(timer)
  }
}
