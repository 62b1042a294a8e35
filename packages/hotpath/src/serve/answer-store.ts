import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Budget } from '../cache/share/budget.js'
import { Lease, type Leasing } from '../cache/share/lease.js'
import { joinLink, type Link, type Member } from '../cache/share/link.js'
import type { CacheStore } from '../cache/store.js'
import { processTags, type Tag } from '../cache/tags.js'
import type { Clock } from '../clock.js'
import type { ResponseCacheConfig } from '../config/response-cache.js'
import type { Entry } from './entry.js'
import { openAnswer, packAnswer } from './answer-bytes.js'
import type { CachePolicy } from './policy.js'

/** What a request may wait for the store, over all that it asks. */
const BUDGET_MS = 50
const RETRY_MS = 100
/** For how long an answer is left to the instance that began it, without a sign of life. */
const LEASE_MS = 2_000
/** So long nobody waits for answers to a target of which one was for nobody else. */
const ALONE_MS = 10_000
/** What a policy has earned outlives a deploy, and not a route that nobody asks for. */
const EARNED_MS = 7 * 24 * 3_600_000
/** Targets of which it is remembered what their answers are made of. */
const MOST_REMEMBERED = 10_000
/** What an answer is made of is known for so long at the store. */
const TAGS_MS = 24 * 3_600_000
/** All answers at the store have this tag. */
const EPOCH = 'clear responses'

/** Versions of tags at the store, as they were before an answer was begun. */
export type Ids = ReadonlyMap<string, string>

/** What the store has for a request: an answer, or what is needed to put one there. */
export interface Found {
  readonly entry?: {
    readonly kept: Entry
    readonly names: readonly string[]
    readonly variant: string
  }
  /** Headers by which answers at the store differ. */
  readonly names: readonly string[]
  /** Undefined: the store is away, and what is made now stays in this process. */
  readonly ids: Ids | undefined
  /** What was made of it last was for nobody else: each instance makes its own. */
  readonly alone: boolean
}

/** Answers that instances of one service share, by way of a store. */
export class AnswerStore implements Member, Leasing {
  readonly epoch = EPOCH
  readonly leaseMs = LEASE_MS
  /** Each forgets what it has in memory: a change of it may not have been heard of. */
  readonly users = new Set<() => void>()
  readonly link: Link
  private readonly undeclared = new LRUCache<string, readonly string[]>({ max: MOST_REMEMBERED })
  private readonly adopted = new Map<CachePolicy, number>()

  constructor(
    store: CacheStore,
    private readonly clock: Clock,
  ) {
    this.link = joinLink(store, processTags(), RETRY_MS, this)
  }

  drop(): void {
    for (const forget of this.users) forget()
  }

  /** Single keys are not told of: targets have tags. */
  forget(): void {}

  budget(): Budget {
    return new Budget(BUDGET_MS)
  }

  /** The right to make an answer for all instances, to be asked for. */
  lease(policy: CachePolicy, target: string, variant: string): Lease {
    return new Lease(this, `responses:lease:${keyOf(policy, target)}:${digest(variant)}`)
  }

  /** For a while nobody waits for another's answer to this target. Never rejects. */
  async leaveAlone(policy: CachePolicy, target: string): Promise<void> {
    const key = aloneKey(keyOf(policy, target))
    await this.link.write(key, Buffer.from('1'), ALONE_MS, this.budget())
  }

  /** Whether a hit in memory has to ask the store whether it holds: changes by others are not heard of. */
  get asks(): boolean {
    return !this.link.away && !this.link.hears
  }

  /** Tags of each answer to this target, besides those that its statements note. */
  tagsOf(target: string, policy: CachePolicy): readonly string[] {
    return [EPOCH, targetTag(target), ...policy.tags]
  }

  /** Takes what other instances have seen of a policy, once; again after a minute while there is nothing. */
  adopt(policy: CachePolicy): void {
    const now = this.clock.now()
    if (policy.learning.earned || now < (this.adopted.get(policy) ?? 0)) return
    this.adopted.set(policy, now + 60_000)
    void this.link.read([earnedKey(policy)], [], new Budget(BUDGET_MS)).then(read => {
      const raw = read?.entries[0]
      if (raw !== undefined) policy.learning.adopt(namesIn(raw))
      // The store did not answer: no reason to wait for a minute.
      if (read === undefined) this.adopted.set(policy, now + 1_000)
    })
  }

  /** Tells other instances, and those that start later, what a policy has earned. */
  earned(policy: CachePolicy): void {
    const bytes = Buffer.from(JSON.stringify(policy.learning.inputs))
    void this.link.write(earnedKey(policy), bytes, EARNED_MS, new Budget(BUDGET_MS))
  }

  /**
   * What the store has for a request. Never rejects.
   *
   * @param needed Headers that are in the key by what this instance knows.
   * @param variantOf The part of the key that these headers make.
   */
  async find(
    policy: CachePolicy,
    target: string,
    needed: readonly string[],
    variantOf: (names: readonly string[]) => string,
  ): Promise<Found> {
    const key = keyOf(policy, target)
    const known = this.undeclared.get(key)
    const tags = [...this.tagsOf(target, policy), ...(known ?? [])]
    const budget = this.budget()
    // Before the store is asked: what is told while it answers makes the answer old.
    const local = localOf(tags)
    const first = await this.link.read([slotKey(key), aloneKey(key), tagsKey(key)], tags, budget)
    const away = { names: [], ids: undefined, alone: false }
    if (first === undefined) return away
    const [slot, mark, noted] = first.entries
    const ids = new Map<string, string>()
    const missing = tags.filter((_, at) => first.versions[at] === undefined)
    // What another instance has found that it is made of.
    const news = noted === undefined || known !== undefined ? [] : namesIn(noted)
    for (const [name, tag] of localOf(news)) local.set(name, tag)
    missing.push(...news.filter(name => !tags.includes(name)))
    const given = missing.length === 0 ? [] : await this.link.ensure(missing, budget)
    if (given === undefined) return away
    if (news.length > 0) this.undeclared.set(key, news)
    tags.forEach((tag, at) => ids.set(tag, first.versions[at] ?? ''))
    missing.forEach((tag, at) => ids.set(tag, given[at] ?? ''))
    const names = slot === undefined ? [] : namesIn(slot)
    const found = { names, ids, alone: mark !== undefined }
    // Made by who did not know that an input matters: for nobody here.
    if (slot === undefined || !needed.every(name => names.includes(name))) return found
    const variant = variantOf(names)
    const second = await this.link.read([answerKey(key, names, variant)], [], budget)
    const raw = second?.entries[0]
    const kept = raw && (await this.open(raw, key, ids, local, budget))
    return kept === undefined ? found : { ...found, entry: { kept, names, variant } }
  }

  /** Puts an answer there, if the versions of all that it was made of are known. Never rejects. */
  async put(
    policy: CachePolicy,
    target: string,
    names: readonly string[],
    variant: string,
    entry: Entry,
    known: Ids,
  ): Promise<boolean> {
    const key = keyOf(policy, target)
    const noted = [...entry.reading.noted.keys()].map(tag => tag.name)
    const declared = this.tagsOf(target, policy)
    const undeclared = noted.filter(name => !declared.includes(name))
    if (undeclared.length > 0) this.undeclared.set(key, undeclared)
    const ids = new Map<string, string>()
    for (const name of [...declared, ...undeclared]) {
      const id = known.get(name)
      if (id === undefined) {
        // The next that makes it, wherever, asks for their versions first.
        const list = Buffer.from(JSON.stringify(undeclared))
        await this.link.write(tagsKey(key), list, TAGS_MS, this.budget())
        return false
      }
      ids.set(name, id)
    }
    const { revalidateMs, errorMs } = entry.lifetime
    const ttlMs = Math.ceil(Math.max(revalidateMs, errorMs) - entry.ageMs(this.clock.now()))
    if (ttlMs <= 0) return false
    const bytes = packAnswer(entry, ids, this.clock.origin)
    if (bytes.length > (this.link.store.maxBytes ?? Number.POSITIVE_INFINITY)) return false
    const budget = new Budget(BUDGET_MS)
    await this.link.write(answerKey(key, names, variant), bytes, ttlMs, budget)
    await this.link.write(slotKey(key), Buffer.from(JSON.stringify(names)), ttlMs, budget)
    return true
  }

  private async open(
    raw: Uint8Array,
    key: string,
    ids: Map<string, string>,
    local: Map<string, readonly [Tag, number]>,
    budget: Budget,
  ): Promise<Entry | undefined> {
    const answer = openAnswer(raw)
    if (answer === undefined) return undefined
    const unknown = [...answer.ids.keys()].filter(name => !ids.has(name))
    if (unknown.length > 0) {
      this.undeclared.set(key, unknown)
      for (const [name, tag] of localOf(unknown)) local.set(name, tag)
      const read = await this.link.read([], unknown, budget)
      unknown.forEach((name, at) => {
        const id = read?.versions[at]
        if (id !== undefined) ids.set(name, id)
      })
    }
    // Something that it was made of was changed since: by whom does not matter.
    for (const [name, id] of answer.ids) if (ids.get(name) !== id) return undefined
    const noted = new Map<Tag, number>()
    for (const name of answer.ids.keys()) {
      const tag = local.get(name)
      if (tag === undefined) return undefined
      noted.set(tag[0], tag[1])
    }
    const entry = answer.entry(noted, this.clock)
    return entry.isCurrent() ? entry : undefined
  }
}

type Source = NonNullable<ResponseCacheConfig['store']>

const made = new WeakMap<Source, Promise<AnswerStore>>()
const byStore = new WeakMap<CacheStore, AnswerStore>()

/** The one of this process for a store, or for a function that makes it. */
export function answerStoreOf(source: Source, clock: Clock): Promise<AnswerStore> {
  const known = made.get(source)
  if (known !== undefined) return known
  const making = (async () => {
    const store = (await (typeof source === 'function' ? source() : source)) as CacheStore
    const same = byStore.get(store) ?? new AnswerStore(store, clock)
    byStore.set(store, same)
    return same
  })()
  made.set(source, making)
  return making
}

/** The tag of all answers to a target, bumped by unsafe requests to it. */
export const targetTag = (target: string): string => `response ${digest(target)}`

function localOf(names: readonly string[]): Map<string, readonly [Tag, number]> {
  const tags = processTags()
  return new Map(
    names.map(name => {
      const tag = tags.of(name)
      return [name, [tag, tag.version]]
    }),
  )
}

const earnedKey = (policy: CachePolicy): string => `responses:earned:${policy.hash}`
const keyOf = (policy: CachePolicy, target: string): string => `${policy.hash}:${digest(target)}`
const aloneKey = (key: string): string => `responses:alone:${key}`
const tagsKey = (key: string): string => `responses:tags:${key}`
const slotKey = (key: string): string => `responses:names:${key}`
const answerKey = (key: string, names: readonly string[], variant: string): string =>
  `responses:answer:${key}:${digest(`${names.join()} ${variant}`)}`

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')

function namesIn(raw: Uint8Array): string[] {
  try {
    const names: unknown = JSON.parse(Buffer.from(raw).toString())
    return Array.isArray(names) ? names.map(String) : []
  } catch {
    return []
  }
}
