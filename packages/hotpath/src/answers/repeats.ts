import type { Template } from '../sql/template.js'
import { type Answer, askedField, sentField, typeOf } from './answer.js'
import { GivenAnswers } from './given.js'
import { lastWriteMs } from './writes.js'

/** An answer that is older would not be given again: the `ttl` of docs/response-cache.md's first example. */
const TTL_MS = 30_000
/** Addresses of one route that are followed; of more, a fair part. */
const MAX_KEYS = 64
/** Of one route an answer is compared this often at most: what is asked in between is not counted. */
const EVERY_MS = 20
/** Then both halve, so that the ratio is that of the last few thousand. */
const MOST_ASKED = 4_000
/** What a larger body costs to compare is more than the ratio is worth. */
export const MAX_BYTES = 1_000_000
/** Fields of the request by which an answer may differ; the first three name a caller. */
const VARIES = ['authorization', 'cookie', 'x-api-key', 'accept', 'accept-language', 'host']
const CREDENTIALS = 3

/** How often one route was asked the same, and gave the same. */
export interface RepeatFigures {
  /** Requests that were compared. */
  readonly asked: number
  /** A cache would have given their answer: it was the same, and nothing that it reads was written. */
  readonly same: number
  /** The answer had changed, and no write of this process says why. */
  readonly changed: number
  /** Of the requests those with a credential: a cache has to tell callers apart. */
  readonly personal: number
}

/** Of all routes: what was given, by route, address, caller and the like. */
const given = new GivenAnswers(TTL_MS)
let routes = 0

/**
 * The hit ratio that a cache would have had on one route, from its real traffic: requests for the same
 * address are compared with what the last of them was answered. Followed are the addresses with the lowest
 * hashes (SHARDS with a fixed number, Waldspurger et al., FAST '15): of a route with a thousand, a fair
 * part. What is compared less often than it is asked makes the ratio lower, never higher.
 */
export class Repeats implements RepeatFigures {
  asked = 0
  same = 0
  changed = 0
  personal = 0
  private nextMs = 0
  private highest = 2 ** 32
  /** Hashes of the addresses that are followed. */
  private readonly followed = new Set<number>()
  private readonly route = ++routes

  /** Whether this request is one to be compared. About 0.1 us. */
  takesTurn(url: string, nowMs: number): boolean {
    if (nowMs < this.nextMs || hashOf(url) >= this.highest) return false
    this.nextMs = nowMs + EVERY_MS
    return true
  }

  /**
   * Compares an answer; `templates` are the statements that it was made from. What is written after its
   * request began makes it old.
   */
  compare(answer: Answer, templates: Iterable<Template>, beganMs: number): void {
    const { body } = answer
    if (body === undefined || body.length > MAX_BYTES || !isKeepable(answer)) return
    if (this.asked >= MOST_ASKED) this.halve()
    this.asked++
    const values = VARIES.map(name => askedField(answer, name) ?? '')
    if (values.slice(0, CREDENTIALS).some(value => value !== '')) this.personal++
    this.follow(answer.url)
    const key = digestOf([this.route, answer.url, ...values].join('\n'))
    const before = given.get(key, beganMs)
    const digest = digestOf(body)
    if (before !== undefined && lastWriteMs(templates) < before.atMs) {
      if (before.digest === digest) {
        this.same++
        return
      }
      this.changed++
    }
    given.set(key, { digest, atMs: beganMs })
  }

  private follow(url: string): void {
    this.followed.add(hashOf(url))
    if (this.followed.size <= MAX_KEYS) return
    this.highest = Math.max(...this.followed)
    this.followed.delete(this.highest)
  }

  private halve(): void {
    this.asked >>= 1
    this.same >>= 1
    this.changed >>= 1
    this.personal >>= 1
  }
}

/** What a cache may keep: not what the app forbids, nor what sets a cookie. */
function isKeepable(answer: Answer): boolean {
  if (answer.statusCode !== 200 || typeOf(answer) === 'other') return false
  if (/no-store/.test(sentField(answer, 'cache-control') ?? '')) return false
  return sentField(answer, 'set-cookie') === undefined
}

/** FNV-1a: 32 bits, http://www.isthe.com/chongo/tech/comp/fnv/. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** Stays in this process, and is compared with its like: no key is needed, and 8 bytes are enough. */
const digestOf = (data: string | Uint8Array): string =>
  process
    .getBuiltinModule('node:crypto')
    .createHash('sha256')
    .update(data)
    .digest('base64')
    .slice(0, 11)
