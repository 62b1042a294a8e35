import type { IncomingMessage } from 'node:http'
import { DURATION, durationMs } from './duration.js'
import { RATE, rateOf, RATES, ratesOf } from './rate.js'
import { type Check, isRecord, isText, type Rule } from './rule.js'

/** Refused so often, a client is refused altogether for a while. */
export interface PenaltyConfig {
  /** Refusals after which it begins. */
  readonly after: number
  /** Within how long they are counted. Default `'1m'`. */
  readonly within?: string
  /** For how long everything is refused then. */
  readonly for: string
}

/** What limits by hand and of the config have in common: docs/limits.md. */
export interface LimitRuleConfig {
  /** `'100/h'`, or several windows that hold together: `['10/s', '1000/h']`. */
  readonly rate: string | readonly string[]
  /**
   * How many may come at once before the rate holds them back; of several rates one for each. Default: as many
   * as the rate has in its window. Of `gcra` alone.
   */
  readonly burst?: number | readonly number[]
  /** `gcra` spaces requests exactly; `sliding-window` counts those of the last window. Default `gcra`. */
  readonly algorithm?: 'gcra' | 'sliding-window'
  readonly penalty?: PenaltyConfig
  /** Rates of plans, where it is known which a client is on; others have `rate`. */
  readonly tiers?: Readonly<Record<string, TierConfig>>
  /** Keys that are never limited, or a function that says which. */
  readonly allow?: readonly string[] | ((key: string) => boolean)
  /** Keys that are always refused, with 403. */
  readonly deny?: readonly string[] | ((key: string) => boolean)
  /** Clients that this process remembers; of more, those that came least recently are forgotten. Default 200,000. */
  readonly maxKeys?: number
  /** What is done when the store does not answer within 50 ms: docs/limits.md. Default `local`. */
  readonly onStoreFailure?: 'local' | 'open' | 'closed'
}

export type TierConfig =
  | string
  | readonly string[]
  | Pick<LimitRuleConfig, 'rate' | 'burst' | 'algorithm' | 'penalty'>

/** `limit` of a route. */
export interface LimitConfig extends LimitRuleConfig {
  /** Whose requests are counted together. Default `ip`. */
  readonly by?: 'ip' | 'user' | 'key' | ((request: IncomingMessage) => LimitKey | Promise<LimitKey>)
  /** For `by: 'key'`: the header that holds it. Default `x-api-key`. */
  readonly keyHeader?: string
  /** The plan that a request is on, for `tiers`, where `by` does not say it. */
  readonly plan?: (request: IncomingMessage) => string | undefined
  /** How many requests this one counts as. Default 1. */
  readonly cost?: number | ((request: IncomingMessage) => number)
  /** Where several processes count together: `redisLimits(client)`, or a function that makes it at start. */
  readonly store?: LimitStoreLike | (() => LimitStoreLike | Promise<LimitStoreLike>)
  /** Limits of one name at a store are one. Default: the route. */
  readonly namespace?: string
  /** `shadow` refuses nobody, and counts who would have been. Default `on`. */
  readonly mode?: 'off' | 'shadow' | 'on'
  /** What is told of the limit: on answers that refuse, on all, or on none. Default `refused`. */
  readonly headers?: 'refused' | 'always' | 'off'
  /** How: the IETF's draft as it is now (10), older ones (7, 6), or `X-RateLimit-*`. Default `draft-10`. */
  readonly headerForm?: 'draft-10' | 'draft-7' | 'draft-6' | 'x-ratelimit'
}

type LimitKey = string | number | undefined | null

/** A `LimitStore` of hotpath/limit, as far as the config can know it. */
export interface LimitStoreLike {
  readonly name: string
  take(...args: never[]): unknown
}

/** `throttle` of a route: requests over the rate wait for their turn. */
export interface ThrottleConfig {
  /** How many are let through, of all clients of the route together. */
  readonly rate: string
  /** How many may go at once before they are spaced out. Default 1. */
  readonly burst?: number
  /** How long one may wait; who would wait longer is refused. Default `'2s'`. */
  readonly maxDelay?: string
  /** How many may wait. Default 1,000. */
  readonly queue?: number
  /** Clients take turns: who they are. Default `ip`. */
  readonly by?: LimitConfig['by']
  readonly keyHeader?: string
  readonly mode?: 'off' | 'shadow' | 'on'
}

const isCount: Check = value => Number.isSafeInteger(value) && (value as number) >= 1
const isFunction: Check = value => typeof value === 'function'
const oneOf = (...words: readonly string[]): Rule => ({
  expected: `${words
    .slice(0, -1)
    .map(word => `'${word}'`)
    .join(', ')} or '${words.at(-1)}'`,
  check: value => words.includes(String(value)),
})
const duration: Rule = { expected: DURATION, check: value => durationMs(value) !== undefined }
const count: Rule = { expected: 'a whole number from 1 up', check: isCount }
const mode = oneOf('off', 'shadow', 'on')
const by: Rule = {
  expected: "'ip', 'user', 'key' or a function that gives a text for a request",
  check: value => ['ip', 'user', 'key'].includes(String(value)) || isFunction(value),
}
const header: Rule = {
  expected: 'the name of a header',
  check: value => /^[\w-]+$/.test(String(value)),
}

const burst: Rule = {
  expected: 'a whole number from 1 up, or a list with one for each rate',
  check: value => isCount(value) || (Array.isArray(value) && value.every(isCount)),
}
const penalty: Rule = {
  expected: "an object such as { after: 20, for: '10m' }",
  check: value =>
    isRecord(value) &&
    ['after', 'for'].every(key => Reflect.get(value as object, key) !== undefined),
  keys: { after: count, within: duration, for: duration },
}
const ratePart: Readonly<Record<string, Rule>> = {
  rate: { expected: RATES, check: value => ratesOf(value) !== undefined },
  burst,
  algorithm: oneOf('gcra', 'sliding-window'),
  penalty,
}
const tier: Rule = {
  expected: `${RATES}, or an object with a rate`,
  check: value => (isRecord(value) ? hasRate(value) : ratesOf(value) !== undefined),
  keysOf: value => (Array.isArray(value) || typeof value !== 'object' ? undefined : ratePart),
}
const keys: Rule = {
  expected: 'a list of keys, or a function that says whether a key is meant',
  check: value => isFunction(value) || (Array.isArray(value) && value.every(isText)),
}

const hasRate: Check = value =>
  isRecord(value) && Reflect.get(value as object, 'rate') !== undefined && burstFits(value)

/** Of a list there is one for each rate. */
const burstFits: Check = value => {
  const { rate, burst: list } = value as LimitRuleConfig
  return !Array.isArray(list) || list.length === (ratesOf(rate)?.length ?? list.length)
}

const ruleKeys: Readonly<Record<string, Rule>> = {
  ...ratePart,
  tiers: { expected: "an object such as { pro: '1000/h' }", check: isRecord, each: tier },
  allow: keys,
  deny: keys,
  maxKeys: count,
  onStoreFailure: oneOf('local', 'open', 'closed'),
}

const store: Rule = {
  expected: 'a store such as redisLimits(client), or a function that makes one',
  check: value => isFunction(value) || isFunction(Reflect.get(Object(value), 'take')),
  // It may be of any class.
  keysOf: () => undefined,
}

/** Options of `limit()` by hand, where the caller gives the key. */
export const limitOptionsRule: Rule = {
  expected: "an object with a rate, such as { rate: '100/h' }, and as many bursts as rates",
  check: hasRate,
  keys: { ...ruleKeys, store, namespace: { expected: 'a name', check: isText } },
}

/** `limit` of a route. */
export const limitRule: Rule = {
  expected: "an object with a rate, such as { rate: '100/h' }, and as many bursts as rates",
  check: hasRate,
  keys: {
    ...ruleKeys,
    store,
    namespace: { expected: 'a name', check: isText },
    by,
    keyHeader: header,
    plan: { expected: 'a function that gives the name of a tier for a request', check: isFunction },
    cost: {
      expected: 'a number from 0 up, or a function that gives one for a request',
      check: value => isFunction(value) || (Number.isFinite(value) && (value as number) >= 0),
    },
    mode,
    headers: oneOf('refused', 'always', 'off'),
    headerForm: oneOf('draft-10', 'draft-7', 'draft-6', 'x-ratelimit'),
  },
}

/** `throttle` of a route. */
export const throttleRule: Rule = {
  expected: "an object with a rate, such as { rate: '20/s', maxDelay: '2s' }",
  check: value => isRecord(value) && Reflect.get(value as object, 'rate') !== undefined,
  keys: {
    rate: { expected: RATE, check: value => rateOf(value) !== undefined },
    burst: count,
    maxDelay: duration,
    queue: count,
    by,
    keyHeader: header,
    mode,
  },
}
