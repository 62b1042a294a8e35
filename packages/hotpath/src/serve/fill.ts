import type { IncomingMessage } from 'node:http'
import { createHash } from 'node:crypto'
import type { Clock } from '../clock.js'
import { compute, type Computation } from '../cache/computation.js'
import { processTags } from '../cache/tags.js'
import type { Cdn } from '../cdn/start.js'
import type { AnswerStore, Found, Ids } from './answer-store.js'
import type { Listener, LostReason } from './capture.js'
import { Entry } from './entry.js'
import { type Facts, valueOf, variantOf } from './facts.js'
import type { Flight } from './flight.js'
import { forCdn, targetOf, told } from './for-cdn.js'
import { fieldOf, type Head } from './head.js'
import { ALL, type Inputs, watchInputs } from './inputs.js'
import { rawHeadersOf } from './raw-headers.js'
import { judge, type Lifetime } from './judge.js'
import type { Memory, Slot } from './memory.js'
import { type CachePolicy, isOf } from './policy.js'
import { isForwarded, partsOf, Shown } from './reflection.js'
import { inputNames, isInput } from './request-fields.js'
import { isPersonal } from './response-fields.js'
import type { RequestSpan } from './seam.js'
import type { Tally } from './tally.js'
import type { Turn } from './turn.js'
import { isCompressible, withVary } from './variants.js'
import type { Writes } from './writes.js'

/** More headers than these in Vary: an answer for nobody else. */
const MOST_NAMES = 12

/** Tables, rows and names of which an answer may be made: more take longer to compare at a hit than it saves. */
const MOST_TAGS = 2_000

/** RFC 5861, 4: what counts as an error. */
const FAILED = new Set([500, 502, 503, 504])

/** What all fills share. */
export interface Kitchen {
  readonly memory: Memory
  readonly clock: Clock
  readonly tally: Tally
  readonly writes: Writes
  /** Caches in front of us. */
  readonly cdn: Cdn | undefined
  /** A policy has earned to serve just now. */
  earned(policy: CachePolicy): void
  /** An exception of ours was caught. */
  caught(): void
}

/** What an answer is worth, with all of it there. */
interface Weighed {
  readonly entry: Entry
  readonly slot: Slot | undefined
  readonly names: readonly string[]
  readonly variant: string
}

/** One request that runs the app, whose answer may be kept: it is judged, compared and stored. */
export class Fill implements Listener {
  /** Versions at the store, of before it was begun: it may be put there. */
  found: Found | undefined = undefined
  /** The right to make this answer for all instances. */
  turn: Turn | undefined = undefined
  /** Those who wait for this answer. */
  flight: Flight | undefined = undefined
  private readonly writesMark: number
  private readonly begunMs: number
  private readonly authorized: boolean
  private lifetime: Lifetime | undefined = undefined
  /** Taken before the request is watched: our own reading is no input. */
  private readonly rawHeaders: readonly string[]
  private computation: Computation | undefined = undefined
  private inputs: Inputs | undefined = undefined
  private weighed: Weighed | string | undefined = undefined
  /** Host and target; undefined: no CDN is told anything of this answer. */
  private readonly target: readonly [string, string] | undefined
  readonly mark: Listener['mark']

  constructor(
    private readonly kitchen: Kitchen,
    readonly policy: CachePolicy,
    readonly facts: Facts,
    private readonly request: IncomingMessage,
    private readonly span: RequestSpan,
    /** Undefined: nobody waits for it, and it goes to no CDN. */
    private readonly response: object | undefined,
    /** What was read so far, where the request is watched already. */
    watched?: Inputs,
  ) {
    this.inputs = watched
    this.writesMark = kitchen.writes.mark()
    this.rawHeaders = rawHeadersOf(request)
    this.begunMs = kitchen.clock.now()
    this.authorized = valueOf(this.rawHeaders, 'authorization') !== ''
    if (policy.cdn !== undefined && kitchen.cdn !== undefined) {
      this.target = targetOf(request)
      if (response !== undefined) this.mark = (head, body) => this.markFor(head, body)
    }
  }

  /** Runs the app within a computation, so that what it reads is noted. */
  run(app: () => boolean): boolean {
    return compute(computation => {
      try {
        const { policy, facts } = this
        for (const name of policy.store?.tagsOf(facts.target, policy) ?? policy.tags) {
          const tag = processTags().of(name)
          computation.note(tag, tag.version)
        }
        this.inputs ??= watchInputs(this.request, this.policy.allowed)
        this.computation = computation
      } catch {
        this.kitchen.caught()
      }
      return app()
    })
  }

  /** Most that speaks against keeping it is known with the head: then no byte of it is copied. */
  head(head: Head): boolean {
    const { clock } = this.kitchen
    const verdict = this.objection() ?? judge(head, this.policy, this.authorized, wallMs(clock))
    if (typeof verdict === 'string') {
      this.refuse(verdict, head.status)
      return false
    }
    const length = Number(fieldOf(head.fields, 'content-length') ?? 0)
    if (length > this.policy.maxBytes) {
      this.refuse('large', head.status)
      return false
    }
    this.lifetime = verdict
    return true
  }

  lost(reason: LostReason): void {
    this.refuse(reason)
  }

  whole(head: Head, body: Buffer): void {
    const { policy, facts, kitchen } = this
    this.weighed ??= this.weigh(head, body)
    const { weighed } = this
    // What changed since it was weighed.
    const reason = typeof weighed === 'string' ? weighed : this.objection()
    if (typeof weighed === 'string' || reason !== undefined) {
      this.refuse(reason ?? '', head.status)
      return
    }
    const { entry, slot, names, variant } = weighed
    const { generation } = policy.learning
    this.compare(slot, names, variant, entry, kitchen.clock.now())
    // Only what is served here, and so was seen to be right.
    if (policy.serves && policy.store !== undefined && this.found?.ids !== undefined)
      void this.share(policy.store, names, variant, entry, this.found.ids)
    else this.turn?.over(true)
    kitchen.memory.put(facts.key, names, generation, variant, entry)
    kitchen.tally.add(policy.route, 'fills')
    const { noted, statements } = entry.reading
    if (statements === 0 && noted.size === 0) kitchen.tally.add(policy.route, 'unseen')
    this.land('stored')
  }

  /** Other instances look for it at the store once this one's turn is over. */
  private async share(
    store: AnswerStore,
    names: readonly string[],
    variant: string,
    entry: Entry,
    ids: Ids,
  ): Promise<void> {
    try {
      await store.put(this.policy, this.facts.target, names, variant, entry, ids)
    } catch {
      this.kitchen.caught()
    } finally {
      this.turn?.over(true)
    }
  }

  /** The entry that it makes, or why it is not kept. */
  private weigh(head: Head, body: Buffer): Weighed | string {
    const { facts, kitchen, lifetime, policy } = this
    const reason = this.objection()
    if (reason !== undefined || lifetime === undefined) return reason ?? 'caught'
    const unread = this.learn(lifetime.vary)
    if (unread !== undefined) return unread
    const slot = kitchen.memory.slot(facts.key)
    const names = this.names(slot, lifetime.vary)
    if (lifetime.vary.length > MOST_NAMES) return 'vary'
    if (this.isReflected(body, head, names)) return 'reflected'
    const { noted, statements } = this.computation ?? { noted: new Map(), statements: 0 }
    const { route } = this.span.trace
    const reading = { noted: new Map(noted), statements }
    const compresses = policy.compress && isCompressible(head, body.length)
    const kept = compresses ? withVary(head) : head
    const entry = new Entry(kept, body, lifetime, reading, route, this.begunMs, hash, compresses)
    if (this.target !== undefined)
      entry.forCdn = forCdn(kitchen.cdn, policy, entry, names, kitchen.clock, this.target)
    return { entry, slot, names, variant: variantOf(this.rawHeaders, names) }
  }

  /** What CDNs are told of the answer itself: only what is given to everybody is for them. */
  private markFor(head: Head, body: Buffer | undefined): readonly string[] {
    const { cdn } = this.kitchen
    // Of another route, to which the config says nothing of CDNs.
    if (cdn === undefined || !isOf(this.policy, this.span)) return head.fields
    const length = fieldOf(head.fields, 'content-length')
    if (
      body === undefined ||
      !this.policy.serves ||
      this.lifetime === undefined ||
      isPersonal(head) ||
      (length !== undefined && Number(length) !== body.length)
    )
      return cdn.marking.refused(head.fields)
    // Whether another process has written since it was begun only the store knows: a hit asks it.
    if (processTags().strict !== undefined) return cdn.marking.refused(head.fields)
    this.weighed ??= this.weigh(head, body)
    const { weighed, target, response } = this
    const marks = typeof weighed === 'string' ? undefined : weighed.entry.forCdn
    if (marks === undefined || target === undefined || response === undefined)
      return cdn.marking.refused(head.fields)
    return told(cdn, response, marks.with(head.fields), () => target)
  }

  /** What is known without looking at the answer. */
  private objection(): string | undefined {
    if (!isOf(this.policy, this.span)) return 'route'
    if (this.facts.noStore) return 'no-store'
    if (this.kitchen.writes.since(this.writesMark, this.facts.key)) return 'written'
    // Nothing was noted: an exception of ours, and what the answer was made of is not known.
    if (this.computation === undefined) return 'caught'
    if (this.computation.objection !== '') return 'statements'
    if (this.computation.noted.size > MOST_TAGS) return 'tags'
    if (!this.computation.isFresh()) return 'raced'
    const { noted, statements } = this.computation
    const unseen = statements === 0 && noted.size === 0
    if (unseen && !this.policy.ttlOnly && processTags().strict !== undefined) return 'unseen'
    return undefined
  }

  /**
   * Takes the inputs that were read by name into the key, but for those that are in it anyway and those
   * of which the config says that they change nothing.
   */
  private learn(vary: readonly string[]): string | undefined {
    const { learning, headers, shared, allowed } = this.policy
    const isNews = (name: string) =>
      !vary.includes(name) && !headers.includes(name) && !shared.has(name)
    const read = new Set(this.read().filter(isNews))
    if (read.delete(ALL)) {
      const present = inputNames(this.rawHeaders, allowed).filter(isNews)
      // Once it serves, anybody could send names that nobody has heard of, to fill the key with them.
      if (learning.earned && present.some(name => !learning.knows(name))) return 'inputs'
      for (const name of present) read.add(name)
    }
    const { generation } = learning
    learning.read([...read].map(name => [name, valueOf(this.rawHeaders, name)]))
    if (learning.earned && learning.generation !== generation)
      this.policy.store?.earned(this.policy)
    return undefined
  }

  /** Inputs that were read by name. A mount watches from before it is known whose policy it is. */
  private read(): string[] {
    const { allowed } = this.policy
    return [...(this.inputs?.names ?? [])].filter(name => name === ALL || isInput(name, allowed))
  }

  /** The headers of the key, with those that other answers of this URL depend on. */
  private names(slot: Slot | undefined, vary: readonly string[]): string[] {
    const { learning, headers } = this.policy
    const before = slot?.generation === learning.generation ? slot.names : []
    const shared = this.found?.names ?? []
    return [...new Set([...headers, ...learning.inputs, ...vary, ...before, ...shared])].sort()
  }

  private isReflected(body: Buffer, head: Head, names: readonly string[]): boolean {
    const { allowed } = this.policy
    const shown = new Shown(body, head.fields)
    if (shown.any(this.facts.left)) return true
    const sent = inputNames(this.rawHeaders, allowed).filter(
      name => isForwarded(name) || allowed.has(name),
    )
    return [...this.read(), ...sent].some(
      name =>
        name !== ALL &&
        !names.includes(name) &&
        shown.any(partsOf(name, valueOf(this.rawHeaders, name))),
    )
  }

  /** With what would have been served instead. */
  private compare(
    slot: Slot | undefined,
    names: readonly string[],
    variant: string,
    entry: Entry,
    nowMs: number,
  ): void {
    const { learning, route } = this.policy
    if (slot === undefined || slot.generation !== learning.generation) return
    const other = slot.names.join() === names.join() ? slot.variants.get(variant) : undefined
    if (other === undefined || other.ageMs(nowMs) >= other.lifetime.freshMs || !other.isCurrent())
      return
    const judge = (holds: boolean) => {
      if (!holds || !entry.isCurrent()) return
      const equal = entry.equals(other)
      this.kitchen.tally.add(route, equal ? 'shadow.hits' : 'shadow.differences')
      if (learning.compared(equal)) this.kitchen.earned(this.policy)
    }
    const { strict } = processTags()
    if (strict === undefined) judge(true)
    // What another process has written is known once the store was asked.
    else void strict.holds(other.reading.noted).then(judge).catch(this.kitchen.caught)
  }

  private refuse(reason: string, status = 0): void {
    this.kitchen.tally.add(this.policy.route, 'refused', reason)
    this.land(FAILED.has(status) ? 'failed' : 'none')
  }

  private land(landing: 'stored' | 'failed' | 'none'): void {
    if (landing !== 'stored') this.turn?.over(false)
    this.flight?.land(landing)
  }
}

const wallMs = (clock: Clock): number => clock.origin + clock.now()

/** 128 bits of it: an accident is out of reach, and so is making one. */
function hash(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22)
}
