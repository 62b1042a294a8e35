import { ConsoleError } from '../errors.js'
import { checkKeys, isObject, type Rule, type Rules, text } from './check.js'
import { milliseconds, share } from './units.js'

/**
 * One alert, as the config says it: exactly one of `average`, `p50`, `p95`, `p99` and `errors`.
 *
 *     { route: 'GET /menu', average: '200ms', for: '1m' }
 */
export interface AlertConfig {
  /** Only this service; `*` for each service as a whole. */
  readonly service?: string
  /** `GET /menu`, or `*` for every route. Without it a rule with `service` is about the service as a whole, and one without either about every route. */
  readonly route?: string
  /** A time such as `200ms`: speaks when the average is over it. */
  readonly average?: string
  readonly p50?: string
  readonly p95?: string
  readonly p99?: string
  /** A part such as `2%`, or `unusual`: over what the last day of the same route or service leads to expect. */
  readonly errors?: string
  /** How long it must be so, 20 s to 1 h: `1m` by default, `5m` for `errors: 'unusual'`. */
  readonly for?: string
  /** With fewer requests in half of `for` nothing is said: 20 by default, 10 for an average, 100 for p99. */
  readonly minRequests?: number
  /** Tell again after this time while it lasts; never by default. */
  readonly remind?: string
  /** `error` by default. */
  readonly severity?: Severity
  /** Names of notifiers; all by default. */
  readonly notify?: readonly string[]
}

export type Severity = 'critical' | 'error' | 'warning' | 'info'

/** A text, or what gives it when the console starts: secrets come from the environment. */
export type Secret = string | (() => string | undefined)

/** One notifier: exactly one of `slack`, `pagerduty` and `webhook`. */
export interface NotifierConfig {
  /** The address of an incoming webhook of Slack. */
  readonly slack?: Secret
  /** The integration key of a service of PagerDuty (Events API v2). */
  readonly pagerduty?: Secret
  /** An address of yours; needs `secret`. */
  readonly webhook?: Secret
  /** What a webhook is signed with: `whsec_` and 24 to 64 bytes in base64. */
  readonly secret?: Secret
  /** Where PagerDuty is; `https://events.pagerduty.com` by default, `https://events.eu.pagerduty.com` in the EU. */
  readonly endpoint?: string
}

export type AlertMetric = 'average' | 'p50' | 'p95' | 'p99' | 'errors'

/** An alert with units made numbers, and defaults filled in. */
export interface AlertRule {
  readonly name: string
  /** Null for any. */
  readonly service: string | null
  /** Null for every route. */
  readonly route: string | null
  /** What one alert is about. */
  readonly each: 'route' | 'service'
  readonly metric: AlertMetric
  /** In milliseconds, or a part from 0 to 1. */
  readonly bound: number | 'unusual'
  readonly forMs: number
  readonly minRequests: number
  readonly remindMs: number | null
  readonly severity: Severity
  readonly notify: readonly string[]
}

export interface NotifierSettings {
  readonly name: string
  readonly kind: 'slack' | 'pagerduty' | 'webhook'
  readonly target: Secret
  readonly secret: Secret | undefined
  readonly endpoint: string | undefined
}

const metrics = ['average', 'p50', 'p95', 'p99', 'errors'] as const
const kinds = ['slack', 'pagerduty', 'webhook'] as const
const severities: readonly Severity[] = ['critical', 'error', 'warning', 'info']
/** Fewer requests say nothing about a percentile; `enough` in diagnose/quantile.ts. */
const leastForPercentile = 20
const longestMs = 3_600_000
const shortestMs = 20_000

const isTime = (value: unknown, least = 0, most = Infinity): boolean => {
  const ms = typeof value === 'string' ? milliseconds(value) : undefined
  return ms !== undefined && ms >= least && ms <= most
}
const latency: Rule = { expected: 'a time such as 200ms or 1s', holds: value => isTime(value) }
const secret: Rule = {
  expected: 'a text, or a function that gives one',
  holds: value => typeof value === 'function' || text.holds(value),
  secret: true,
}

const alertRules: Rules = {
  service: text,
  route: text,
  average: latency,
  p50: latency,
  p95: latency,
  p99: latency,
  errors: {
    expected: "a part such as 2%, or 'unusual'",
    holds: value =>
      value === 'unusual' || (typeof value === 'string' && share(value) !== undefined),
  },
  for: {
    expected: 'a time from 20s to 1h, such as 1m',
    holds: value => isTime(value, shortestMs, longestMs),
  },
  minRequests: {
    expected: 'a whole number from 1 up',
    holds: value => Number.isSafeInteger(value) && Number(value) >= 1,
  },
  remind: {
    expected: 'a time from 5m up, such as 4h',
    holds: value => isTime(value, 300_000),
  },
  severity: {
    expected: `one of ${severities.join(', ')}`,
    holds: value => severities.some(name => name === value),
  },
  notify: {
    expected: 'a list of names of notifiers',
    holds: value => Array.isArray(value) && value.every(name => text.holds(name)),
  },
}

const notifierRules: Rules = {
  slack: secret,
  pagerduty: secret,
  webhook: secret,
  secret,
  endpoint: {
    expected: 'an address such as https://events.eu.pagerduty.com',
    holds: value => typeof value === 'string' && /^https?:\/\/[^\s/]+/.test(value),
  },
}

/** Throws a `ConsoleError` for an alert that cannot be meant. */
export function checkAlerts(file: string, alerts: object, notify: object | undefined): void {
  for (const [name, alert] of Object.entries(alerts) as [string, AlertConfig][]) {
    const key = `alerts.${name}`
    const refuse = (expected: string, got: string): never => {
      throw new ConsoleError('CONFIG_VALUE', { file, key, expected, got })
    }
    checkKeys(file, alert, `${key}.`, alertRules)
    const said = metrics.filter(metric => alert[metric] !== undefined)
    if (said.length !== 1)
      refuse(
        `an alert with one of ${metrics.join(', ')}`,
        said.length === 0 ? 'one with none' : `one with ${said.join(' and ')}`,
      )
    if (said[0]?.startsWith('p') && (alert.minRequests ?? leastForPercentile) < leastForPercentile)
      refuse(
        `an alert with \`minRequests\` of ${leastForPercentile} or more, since it looks at a percentile`,
        `one with ${alert.minRequests}`,
      )
    const known = Object.keys(notify ?? {})
    const missing = alert.notify?.find(one => !known.includes(one))
    if (missing !== undefined)
      refuse(
        `an alert whose \`notify\` names what stands under \`notify\` (${known.join(', ') || 'nothing does'})`,
        `one that names \`${missing}\``,
      )
  }
}

/** Throws a `ConsoleError` for a notifier that cannot be meant; never with a value in it. */
export function checkNotify(file: string, notify: object): void {
  for (const [name, notifier] of Object.entries(notify) as [string, NotifierConfig][]) {
    const key = `notify.${name}`
    const refuse = (expected: string, got: string): never => {
      throw new ConsoleError('CONFIG_VALUE', { file, key, expected, got })
    }
    const shape = `an object with one of ${kinds.join(', ')}`
    if (!isObject(notifier)) refuse(shape, 'not')
    checkKeys(file, notifier, `${key}.`, notifierRules)
    const said = kinds.filter(kind => notifier[kind] !== undefined)
    if (said.length !== 1)
      refuse(shape, said.length === 0 ? 'one with none' : `one with ${said.join(' and ')}`)
    if (notifier.webhook !== undefined && notifier.secret === undefined)
      refuse('an object with `webhook` and `secret`, so that messages can be signed', 'one without')
  }
}

export function resolveAlerts(
  alerts: Readonly<Record<string, AlertConfig>>,
  notifiers: readonly string[],
): AlertRule[] {
  return Object.entries(alerts).map(([name, alert]) => {
    const metric = metrics.find(one => alert[one] !== undefined) ?? 'average'
    const bound = alert[metric] ?? ''
    const asWhole = alert.route === undefined && alert.service !== undefined
    return {
      name,
      service: named(alert.service),
      route: named(alert.route),
      each: asWhole ? 'service' : 'route',
      metric,
      bound:
        bound === 'unusual'
          ? 'unusual'
          : ((metric === 'errors' ? share(bound) : milliseconds(bound)) ?? 0),
      forMs: milliseconds(alert.for ?? (bound === 'unusual' ? '5m' : '1m')) ?? 0,
      minRequests: alert.minRequests ?? (metric === 'average' ? 10 : metric === 'p99' ? 100 : 20),
      remindMs: alert.remind === undefined ? null : (milliseconds(alert.remind) ?? null),
      severity: alert.severity ?? 'error',
      notify: alert.notify ?? notifiers,
    }
  })
}

const named = (name: string | undefined): string | null =>
  name === undefined || name === '*' ? null : name

export function resolveNotify(
  notify: Readonly<Record<string, NotifierConfig>>,
): NotifierSettings[] {
  return Object.entries(notify).map(([name, notifier]) => {
    const kind = kinds.find(one => notifier[one] !== undefined) ?? 'webhook'
    return {
      name,
      kind,
      target: notifier[kind] ?? '',
      secret: notifier.secret,
      endpoint: notifier.endpoint,
    }
  })
}
