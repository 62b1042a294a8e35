import { createHash } from 'node:crypto'
import type { CdnPolicy } from '../cdn/marking.js'
import type { Config } from '../config.js'
import { durationMs } from '../config/duration.js'
import type { ResponseCacheConfig } from '../config/response-cache.js'
import { PathMatch } from '../trace/path-match.js'
import type { AnswerStore } from './answer-store.js'
import { Learning } from './learning.js'
import type { RequestSpan } from './seam.js'
import type { QueryRule } from './url-key.js'

const MAX_BYTES = 1_048_576

/** What the config says of the answers of one route. */
export class CachePolicy {
  readonly ttlMs: number
  /** Undefined: the config says nothing, and what the app's Cache-Control allows holds. */
  readonly staleMs: number | undefined
  readonly query: QueryRule
  /** Request headers that are in the key, in lower case. */
  readonly headers: readonly string[]
  /** Headers that are out of the key even where handlers read them: the config says that they change nothing. */
  readonly shared: ReadonlySet<string>
  /** Headers that may be there although they look like a credential. */
  readonly allowed: ReadonlySet<string>
  readonly tags: readonly string[]
  readonly maxBytes: number
  /** Answers that the app did not compress may be given compressed. */
  readonly compress: boolean
  readonly shadowOnly: boolean
  /** What a CDN may keep; undefined: nothing is said to one. */
  readonly cdn: CdnPolicy | undefined
  /** Kept also where nothing is known of what it was made of, and versions are shared. */
  readonly ttlOnly: boolean
  /** What instances share an answer by, and what it has earned: another policy has to earn it anew. */
  readonly hash: string
  /** What the config gives for it; taken once. */
  source: ResponseCacheConfig['store']
  /** Where instances share answers, once it is there. */
  store: AnswerStore | undefined = undefined
  readonly learning = new Learning()
  /** Since the last delivery: a number here costs a hit less than a counter by name. */
  hits = 0

  constructor(
    /** `GET /menu`, as the recorder names the route. */
    readonly route: string,
    config: ResponseCacheConfig,
    /** Begins all its keys: a mount by hand knows nothing of the others. */
    readonly scope = '',
  ) {
    this.ttlMs = durationMs(config.ttl) ?? 0
    this.staleMs = config.stale === undefined ? undefined : durationMs(config.stale)
    this.query = config.key?.query
    this.headers = (config.key?.headers ?? []).map(name => name.toLowerCase())
    this.shared = new Set((config.shared ?? []).map(name => name.toLowerCase()))
    this.allowed = new Set([...this.headers, ...this.shared])
    this.tags = config.tags ?? []
    this.maxBytes = config.maxBytes ?? MAX_BYTES
    this.ttlOnly = config.ttlOnly === true
    this.compress = config.compress ?? true
    this.shadowOnly = config.mode === 'shadow'
    const cdn = cdnPolicy(config.cdn)
    this.cdn = this.shadowOnly ? undefined : cdn
    const { store, mode: _, ...said } = config
    this.source = store
    // `cdn` as it is meant: another order of its keys is no other policy.
    this.hash = createHash('sha256')
      .update(JSON.stringify([route, Object.entries({ ...said, cdn }).sort()]))
      .digest('base64url')
      .slice(0, 22)
  }

  /** Whether it serves: it was told to, and has earned it. */
  get serves(): boolean {
    return !this.shadowOnly && this.learning.earned
  }
}

/** Whether the app took this route: the policy was chosen by the path, before the router had it. */
export function isOf({ route }: CachePolicy, span: RequestSpan): boolean {
  const { method, template } = span.stats()
  return `${method} ${template ?? ''}` === route
}

/**
 * A CDN that tells no answers apart could keep none that we compress for some: there the default is that
 * the CDN compresses.
 */
function compressing(
  { cdn }: ResponseCacheConfig,
  front: Config['cdn'],
): Pick<ResponseCacheConfig, 'compress'> {
  const isBlind = front?.purge.some(({ reads }) => reads.vary === 'none') === true
  return cdn !== undefined && isBlind ? { compress: false } : {}
}

function cdnPolicy(cdn: ResponseCacheConfig['cdn']): CdnPolicy | undefined {
  if (cdn === undefined) return undefined
  const { ttl, browser } = cdn
  return {
    ttlMs: durationMs(ttl) ?? 0,
    browser: browser === 'no-cache' ? browser : durationMs(browser),
  }
}

/** All policies of a cache, and which of them a target may belong to. */
export interface Policies {
  readonly all: readonly CachePolicy[]
  candidate(url: string): CachePolicy | undefined
  /** Those that may have kept something that an unsafe request to this target has made old. */
  behind(url: string): readonly CachePolicy[]
}

/** Whether `HOTPATH_CACHE` turns caches of answers off. */
export function isTurnedOff(environment: Readonly<Record<string, string | undefined>>): boolean {
  return /^(?:off|0|false)$/i.test(environment['HOTPATH_CACHE'] ?? '')
}

/** The policies of a config, and which of them a path may belong to. */
export class CachePolicies implements Policies {
  readonly all: readonly CachePolicy[]
  private readonly paths: PathMatch<CachePolicy>

  constructor(config: Config, environment: Readonly<Record<string, string | undefined>>) {
    const killed = isTurnedOff(environment)
    this.all = Object.entries(killed ? {} : (config.routes ?? {})).flatMap(([route, { cache }]) =>
      cache === undefined || cache.mode === 'off'
        ? []
        : [new CachePolicy(route, { ...compressing(cache, config.cdn), ...cache })],
    )
    this.paths = new PathMatch(
      this.all.map(policy => [policy.route.slice('GET '.length), policy] as const),
    )
  }

  /**
   * The policy that a target may belong to. A guess, on the generous side: which route was reached only
   * the framework's router tells, and what it tells is compared before anything is kept.
   */
  candidate(url: string): CachePolicy | undefined {
    return this.paths.candidate(url)
  }

  behind(url: string): readonly CachePolicy[] {
    const policy = this.candidate(url)
    return policy === undefined ? [] : [policy]
  }
}
