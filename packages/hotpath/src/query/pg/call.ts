import { AsyncResource } from 'node:async_hooks'
import type { Computation } from '../../cache/computation.js'
import type { CacheableRead } from '../../config/statement-cache.js'
import type { Noted } from '../invalidation/noted.js'
import type { Lead } from '../lead.js'
import type { NotedRead } from '../results.js'
import type { Account, Counted, Leading, Scope } from '../scope.js'
import type { Session } from '../session.js'
import type { Shape } from '../shape.js'
import { keyOf, type Prepare, type Wire, wireOf, wireOfOne } from '../wire.js'
import type { Answer, RawRow } from './answer.js'
import type { Client } from './client.js'
import type { Turn } from './sender.js'

/** A longer text is no key of a loop, and is not held until the request is over. */
const LIGHT_TEXT = 100

/** One call of a statement, from when the app makes it until it is answered. */
export class Call implements Counted, Leading {
  account: Account<Call> | undefined = undefined
  session: Session | undefined = undefined
  client: Client | undefined = undefined
  /** Rows are kept as they come. */
  keeps = false
  rows: RawRow[] | undefined = undefined
  /** It takes in others, or others await its answer. */
  leading = false
  nextLead: Leading | undefined = undefined
  /** Those others; undefined as long as there are none, which is the rule. */
  lead: Lead | undefined = undefined
  /** What the cache across requests was asked; undefined: nothing. */
  asked: CacheableRead | NotedRead | undefined = undefined
  /** The computation that the app's code was part of when it made the call. */
  computation: Computation | undefined = undefined
  /** What it reads, in the versions from before it was sent. */
  noted: Noted | undefined = undefined
  /** Strict: the shared versions of what it reads were asked for. */
  learned = false
  /** It goes out alone, whatever we know: after a batch that failed. */
  alone = false
  counted = false
  /** A probe was made for it. */
  probed = false
  /** It was handed to a connection by the pool. */
  handed = false
  /** It was answered by us: there is nothing to learn from how long it took. */
  served = false
  /** The pool that it came through. */
  pool: object | undefined = undefined
  /** Shadow mode: what would have been served. */
  expected: Answer | undefined = undefined
  /** Shadow mode: who looks at what comes. */
  watched: Turn | undefined = undefined
  /** When it was sent; undefined: it is not timed. A number here would be an object of its own in each call. */
  sentMs: number | undefined = undefined
  /** Of its request, when it was made, and then when it was sent. */
  epoch: number
  private known: readonly Wire[] | undefined = undefined
  private looked = false
  private ownKey: string | undefined = undefined

  /**
   * @param lifted Literals that stood in its text; undefined: its parameters are `values`.
   * @param prepare Gives undefined as long as the app has not loaded pg.
   */
  constructor(
    readonly scope: Scope | undefined,
    readonly shape: Shape,
    lifted: readonly string[] | undefined,
    private values: readonly unknown[] | undefined,
    private readonly prepare: () => Prepare | undefined,
  ) {
    this.epoch = scope === undefined ? 0 : scope.epoch
    this.known = lifted
  }

  /**
   * Its parameters as they are sent; undefined: it cannot be told. Most calls are never compared with
   * others, so they are looked at when somebody asks.
   */
  get wires(): readonly Wire[] | undefined {
    if (!this.looked) this.look()
    return this.known
  }

  private look(): void {
    this.looked = true
    const { scope, shape, values } = this
    const prepare = scope !== undefined && shape.effect.reads ? this.prepare() : undefined
    if (prepare === undefined) this.known = undefined
    else this.known ??= wireOf(values ?? [], prepare)
  }

  /** Both were given the same array: the driver reads it when it sends, and the app may fill it anew. */
  sharesValues(other: Call): boolean {
    return this.values !== undefined && this.values === other.values
  }

  /** The parameter `$n` as it is sent, of any statement; undefined: it cannot be told. */
  wireAt(n: number): Wire | undefined {
    if (this.known !== undefined) return this.known[n - 1]
    const { values } = this
    if (values === undefined || n > values.length) return undefined
    const prepare = this.prepare()
    return prepare && wireOfOne(values[n - 1], prepare)
  }

  get key(): string {
    this.ownKey ??= keyOf(this.wires ?? [])
    return this.ownKey
  }

  lighten(): void {
    if (this.values === undefined) return
    for (const value of this.values) {
      if (!isHeavy(value)) continue
      if (!this.looked) this.look()
      this.values = undefined
      return
    }
  }
}

function isHeavy(value: unknown): boolean {
  return typeof value === 'object' || (typeof value === 'string' && value.length > LIGHT_TEXT)
}

/** Runs a callback of the app later in the async context of now: of all of its stores, not only ours. */
export function bound<Args extends unknown[]>(
  fn: (...args: Args) => unknown,
): (...args: Args) => void {
  const resource = new AsyncResource('hotpath.call')
  return (...args) =>
    void resource.runInAsyncScope(fn as (...args: unknown[]) => unknown, undefined, ...args)
}
