import { createHash } from 'node:crypto'
import type { AlertRule, Severity } from '../config/alerts.js'
import type { Finding } from '../model.js'
import { linkTo } from './link.js'
import { conditionOf, unitOf } from './words.js'

/** Something that happened to one alert, to be told. */
export interface AlertEvent {
  readonly kind: 'fired' | 'resolved' | 'quiet' | 'removed' | 'firing'
  readonly service: string
  readonly route: string | null
  readonly value: number | null
  readonly bound: number | null
  readonly usual: number | null
  readonly requests: number
  /** When it happened, at the end of a window. */
  readonly atMs: number
  /** When it first was over the bound. */
  readonly beganMs: number
}

export interface AlertLine extends AlertEvent {
  readonly link: string
  readonly finding?: MessageFinding
}

export interface MessageFinding {
  readonly id: string
  readonly title: string
  /** `src/users.ts:27`. */
  readonly where: string | null
  readonly fix: string | null
}

/** What is told to people and machines; each notifier writes it in its own form. */
export interface Message {
  /** The same at every attempt, and when the same data are judged again: who gets it may drop repetitions. */
  readonly id: string
  readonly kind: 'firing' | 'resolved' | 'reminder' | 'test'
  readonly rule: string
  /** `average over 200 ms for 1 min on GET /menu`. */
  readonly condition: string
  readonly unit: 'ms' | 'share'
  readonly severity: Severity
  /** From the first alert of the rule that fires to the last that ends. */
  readonly episode: string
  readonly atMs: number
  /** Alerts of the rule that fire at the time. */
  readonly firing: number
  /** At most 20. */
  readonly alerts: readonly AlertLine[]
  /** Those that found no place in the list. */
  readonly more: number
  readonly url: string
}

/** 20 lines of 500 characters are 10,000: Slack refuses a little over 13,000 (slackapi/bolt-js, issue 2509). */
const mostLines = 20
/** What was before an alert is shown beside it. */
const beforeMs = 900_000

export interface MessageParts {
  readonly kind: Message['kind']
  readonly rule: AlertRule
  readonly episode: string
  readonly events: readonly AlertEvent[]
  readonly firing: number
  readonly atMs: number
  readonly url: string
  /** The dearest first. */
  readonly findings: readonly Finding[]
}

/** Puts a message together: what fired first, then what ended; the furthest over its bound first. */
export function messageOf({ kind, rule, episode, events, ...parts }: MessageParts): Message {
  const sorted = [...events].sort(
    (a, b) => Number(ended(a)) - Number(ended(b)) || excess(b) - excess(a),
  )
  const identity = [rule.name, kind, episode, ...(kind === 'reminder' ? [parts.atMs] : [])]
  const happened = sorted.map(({ kind, service, route, atMs }) => [kind, service, route, atMs])
  return {
    id: `msg_${digest([...identity, ...happened])}`,
    kind,
    rule: rule.name,
    condition: conditionOf(rule),
    unit: unitOf(rule),
    severity: rule.severity,
    episode,
    atMs: parts.atMs,
    firing: parts.firing,
    alerts: sorted.slice(0, mostLines).map(event => lineOf(event, parts)),
    more: Math.max(0, sorted.length - mostLines),
    url: parts.url,
  }
}

/** Of the same rule and start always the same, so that a second console start does not open a second incident. */
export const episodeOf = (rule: string, atMs: number): string => digest([rule, atMs])

export const ended = ({ kind }: Pick<AlertEvent, 'kind'>): boolean =>
  kind === 'resolved' || kind === 'quiet' || kind === 'removed'

const excess = ({ value, bound }: AlertEvent): number =>
  value === null || bound === null || bound === 0 ? 0 : value / bound

function lineOf(
  event: AlertEvent,
  { url, findings }: Pick<MessageParts, 'url' | 'findings'>,
): AlertLine {
  const { service, route, beganMs, atMs } = event
  const window = { sinceMs: Math.min(beganMs, atMs) - beforeMs, untilMs: atMs }
  const found = ended(event)
    ? undefined
    : findings.find(one => one.service === service && (route === null || one.route === route))
  return {
    ...event,
    link: linkTo(url, { service, route, ...window }),
    ...(found === undefined ? {} : { finding: findingOf(found) }),
  }
}

const findingOf = ({ id, title, where, fixes }: Finding): MessageFinding => ({
  id,
  title,
  where: where === undefined ? null : `${where.file}:${where.line}`,
  fix: fixes[0]?.title ?? null,
})

const digest = (of: unknown): string =>
  createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 32)
