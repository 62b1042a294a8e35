import type { Decision, Reason } from './decision.js'
import type { LimitRule } from './rule.js'

/** An answer that says no. */
export interface Refusal {
  readonly status: 403 | 429 | 503
  /** Names and values. */
  readonly fields: readonly (readonly [string, string])[]
  /** application/problem+json */
  readonly body: string
}

export type HeaderForm = 'draft-10' | 'draft-7' | 'draft-6' | 'x-ratelimit'

const STATUS: Readonly<Record<Reason, Refusal['status']>> = {
  rate: 429,
  penalty: 429,
  delay: 429,
  denied: 403,
  store: 503,
}

/** The type that draft-ietf-httpapi-ratelimit-headers registers, and none where it has none. */
const QUOTA = 'https://iana.org/assignments/http-problem-types#quota-exceeded'

const TITLES: Readonly<Record<Reason, string>> = {
  rate: 'Too many requests: the limit of this client is used up',
  penalty: 'Too many requests: this client was refused too often, and is shut out for a while',
  delay: 'Too many requests are waiting',
  denied: 'This client is not let in',
  store: 'It is not known at the moment how many requests this client has left',
}

/** The answer of a refusal: RFC 9457, with Retry-After in whole seconds, rounded up. */
export function refusalOf(
  decision: Decision,
  rule: LimitRule | undefined,
  form: HeaderForm | undefined,
): Refusal {
  const { reason = 'rate', retryAfterMs, rate } = decision
  const status = STATUS[reason]
  const isQuota = status === 429 && reason !== 'delay'
  const seconds = secondsOf(retryAfterMs)
  const retry = Number.isFinite(retryAfterMs)
  const problem = {
    type: isQuota ? QUOTA : 'about:blank',
    title: TITLES[reason],
    status,
    ...(retry ? { detail: `Try again in ${seconds} s.` } : {}),
    ...(isQuota ? { 'violated-policies': [rate] } : {}),
  }
  const body = JSON.stringify(problem)
  const fields: [string, string][] = [
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
  ]
  if (retry) fields.push(['Retry-After', String(Math.max(1, seconds))])
  if (isQuota && rule !== undefined && form !== undefined)
    fields.push(...limitFields(decision, rule, form))
  return { status, fields, body }
}

/**
 * What is told of a limit. The draft as it is (10) names each policy by a text, ours by its rate as it was
 * written; 7 and 6 and the old `X-` names are those of before.
 */
export function limitFields(
  { limit, remaining, resetMs, retryAfterMs, rate }: Decision,
  rule: LimitRule,
  form: HeaderForm,
): [string, string][] {
  // When asking again helps where nothing is left, else when all is there again.
  const reset = secondsOf(retryAfterMs > 0 ? retryAfterMs : resetMs)
  const policies = policiesOf(rule, form)
  if (form === 'draft-10')
    return [
      ['RateLimit-Policy', policies],
      ['RateLimit', `"${rate}";r=${remaining};t=${reset}`],
    ]
  if (form === 'draft-7')
    return [
      ['RateLimit-Policy', policies],
      ['RateLimit', `limit=${limit}, remaining=${remaining}, reset=${reset}`],
    ]
  const prefix = form === 'draft-6' ? 'RateLimit' : 'X-RateLimit'
  return [
    ...(form === 'draft-6' ? ([['RateLimit-Policy', policies]] as [string, string][]) : []),
    [`${prefix}-Limit`, String(limit)],
    [`${prefix}-Remaining`, String(remaining)],
    [`${prefix}-Reset`, String(reset)],
  ]
}

/** The same for all answers of a rule, which has one form. */
const written = new WeakMap<LimitRule, string>()

function policiesOf(rule: LimitRule, form: HeaderForm): string {
  let policies = written.get(rule)
  if (policies === undefined) {
    policies = rule.windows
      .map(({ name, count, periodUs }) =>
        form === 'draft-10'
          ? `"${name}";q=${count};w=${periodUs / 1e6}`
          : `${count};w=${periodUs / 1e6}`,
      )
      .join(', ')
    written.set(rule, policies)
  }
  return policies
}

const secondsOf = (ms: number): number => Math.ceil(ms / 1000)
