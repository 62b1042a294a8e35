import type { IncomingMessage } from 'node:http'
import type { Clock } from '../clock.js'
import type { LimitConfig } from '../config/limit.js'
import { Asker, type Told } from './asker.js'
import type { Decision } from './decision.js'
import type { LimitHost } from './host.js'
import { LaterStore, laterStoreOf } from './later-store.js'
import { type LimitOptions, limiterOf, type PassingLimiter } from './limiter.js'
import { type HeaderForm, limitFields, type Refusal, refusalOf } from './refusal.js'
import { type LimitRule, ruleOf } from './rule.js'
import type { LimitStore } from './store.js'
import type { By, WhoSettings } from './who.js'

/** `limit` of one route: decides, and says what is told of it. */
export class Limiting {
  readonly asker: Asker
  readonly isShadow: boolean
  readonly tellsAll: boolean
  private limiter: PassingLimiter
  /** Each request costs 1, and there is one plan for all, but for who says otherwise. */
  private readonly isPlain: boolean
  private readonly rule: LimitRule
  private readonly form: HeaderForm | undefined

  constructor(
    private readonly route: string,
    private readonly config: LimitConfig,
    private readonly host: LimitHost,
    settings: WhoSettings,
    clock: Clock,
  ) {
    const { by = 'ip', keyHeader, store, headers = 'refused', headerForm = 'draft-10' } = config
    this.isShadow = config.mode === 'shadow'
    this.tellsAll = headers === 'always'
    this.isPlain = !this.tellsAll && config.cost === undefined && config.plan === undefined
    this.form = headers === 'off' ? undefined : headerForm
    this.rule = ruleOf(config)
    this.asker = new Asker(by as By, keyHeader, settings, () => host.caught('limit.config'))
    const shared = typeof store === 'function' ? laterStoreOf(store) : store
    this.limiter = this.make(shared as LimitStore | undefined, clock)
    if (shared instanceof LaterStore) void shared.made.catch(() => this.goAlone(clock))
  }

  /** True: the request is charged, and allowed. False: it is not charged, and `decide` says. */
  passes(key: string, who: Told): boolean {
    return this.isPlain && typeof who !== 'object' && this.limiter.passes(key)
  }

  decide(key: string, who: Told, subject: unknown): Decision | Promise<Decision> {
    const { cost, plan: planOf } = this.config
    const said = typeof who === 'object' ? who.plan : undefined
    if (cost === undefined && planOf === undefined && said === undefined)
      return this.limiter.take(key)
    return this.limiter.take(key, {
      cost: typeof cost === 'function' ? this.costOf(cost, subject) : (cost ?? 1),
      plan: said ?? this.ask(planOf, subject),
    })
  }

  fields(decision: Decision): [string, string][] {
    return this.form === undefined ? [] : limitFields(decision, this.rule, this.form)
  }

  refusal(decision: Decision): Refusal {
    return refusalOf(decision, this.rule, this.form)
  }

  forgotten(): number {
    return this.limiter.forgotten
  }

  private costOf(cost: (request: IncomingMessage) => number, subject: unknown): number {
    try {
      const given = cost(subject as IncomingMessage)
      if (given >= 0 && Number.isFinite(given)) return given
    } catch {
      // Told below, as a cost that is none is.
    }
    this.host.caught('limit.config')
    return 1
  }

  /** What a function of the config says; undefined when it throws. */
  private ask<T>(
    fn: ((request: IncomingMessage) => T) | undefined,
    subject: unknown,
  ): T | undefined {
    try {
      return fn?.(subject as IncomingMessage)
    } catch {
      this.host.caught('limit.config')
      return undefined
    }
  }

  /** Of a list that the app asks by a function: when that throws, the key is not on it. */
  private contained(isListed: (key: string) => boolean): (key: string) => boolean {
    return key => {
      try {
        return isListed(key)
      } catch {
        this.host.caught('limit.config')
        return false
      }
    }
  }

  private make(store: LimitStore | undefined, clock: Clock): PassingLimiter {
    const { by: _by, keyHeader: _key, plan: _plan, cost: _cost, mode: _mode, ...rest } = this.config
    const { headers: _headers, headerForm: _form, store: _store, namespace, ...rule } = rest
    const options = { ...rule, namespace: namespace ?? this.route, clock }
    const { allow, deny } = options
    const listed = {
      ...(typeof allow === 'function' ? { allow: this.contained(allow) } : {}),
      ...(typeof deny === 'function' ? { deny: this.contained(deny) } : {}),
    }
    return limiterOf({
      ...options,
      ...listed,
      ...(store === undefined ? {} : { store }),
    } as LimitOptions)
  }

  /** The store cannot be made: this process counts alone, and says so. */
  private goAlone(clock: Clock): void {
    this.host.caught('limit.store')
    process.emitWarning(
      `The store of the limit of "${this.route}" could not be made: this process limits alone.`,
      { code: 'HOTPATH_LIMIT_STORE' },
    )
    this.limiter = this.make(undefined, clock)
  }
}
