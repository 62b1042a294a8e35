import type { CdnFields, CdnPurger } from '../config/cdn.js'
import { ALL, type CdnKeys, coarsened, KEY_BYTES } from './keys.js'

/** What a CDN may keep of the answers of a route. */
export interface CdnPolicy {
  readonly ttlMs: number
  /** What browsers are told: `no-cache`, milliseconds, or undefined, what the app says. */
  readonly browser: 'no-cache' | number | undefined
}

/** One answer that may be kept. */
export interface Kept {
  readonly policy: CdnPolicy
  /** When it was asked for, in milliseconds since 1970: it may have been kept here since. */
  readonly bornMs: number
  /** How long the app says that it may be kept; undefined: it does not say. */
  readonly explicitMs: number | undefined
  /** Request headers that it depends on, in lower case. */
  readonly vary: readonly string[]
  readonly names: readonly string[]
}

/** Names that are replaced, in lower case, and what stands in their place. */
interface Edit {
  readonly gone: ReadonlySet<string>
  readonly added: readonly string[]
}

const USUAL = new Set(['accept-encoding', 'origin'])
/** Where the app itself tells CDNs how long: in lower case. */
const TOLD = ['cdn-cache-control', 'surrogate-control']
const PRIVATE_OR_NOT_STORED = /(?:^|[\s,])(?:private|no-store)(?:$|[\s,=])/i
/**
 * Fastly's VCL takes how long from Surrogate-Control, and whether at all from this word alone: what says
 * no-store only it keeps for an hour (docs.fastly.com/en/guides/configuring-caching).
 */
const PRIVATE = /(?:^|[\s,])private(?:$|[\s,=])/i

/** Writes into the head of an answer what CDNs may do with it. */
export class Marking {
  private readonly reads: readonly CdnFields[]
  private readonly lifetimes: ReadonlySet<string>

  constructor(
    purgers: readonly CdnPurger[],
    private readonly keys: CdnKeys,
  ) {
    this.reads = purgers.map(({ reads }) => reads)
    this.lifetimes = new Set(this.reads.map(({ lifetime }) => lifetime))
  }

  /** The fields of an answer that CDNs may keep, name, value, name, value; or undefined: they may not. */
  kept(fields: readonly string[], kept: Kept): readonly string[] | undefined {
    const { vary, policy } = kept
    if (!this.reads.every(reads => canTellApart(reads, vary))) return undefined
    const told = toldBy(fields)
    if (told === 'nothing') return undefined
    const mostMs = Math.min(policy.ttlMs, kept.explicitMs ?? policy.ttlMs, told)
    const seconds = Math.floor(mostMs / 1000)
    if (seconds < 1) return undefined
    const gone = new Set(TOLD)
    const added = ['CDN-Cache-Control', `max-age=${seconds}`]
    if (this.lifetimes.has('Surrogate-Control'))
      added.push('Surrogate-Control', `max-age=${seconds}`)
    if (this.lifetimes.has('X-Accel-Expires')) {
      gone.add('x-accel-expires')
      // Before nginx 1.23 it holds only where it comes before Cache-Control.
      // At that moment: nginx takes no notice of Age.
      added.unshift('X-Accel-Expires', `@${Math.floor(kept.bornMs / 1000) + seconds}`)
    }
    const control = this.cacheControl(fields, policy, seconds)
    if (control !== undefined) {
      gone.add('cache-control')
      if (policy.browser !== undefined) gone.add('expires').add('pragma')
      added.push('Cache-Control', control)
    }
    for (const { keys: reads, mostKeys, mostBytes } of this.reads) {
      if (reads === undefined || gone.has(reads.header.toLowerCase())) continue
      const own = fieldOf(fields, reads.header.toLowerCase())
      const room = Math.floor((mostBytes - (own?.length ?? 0)) / KEY_BYTES)
      const names = coarsened(kept.names, Math.min(mostKeys, room) - 1)
      if (names === undefined) return undefined
      gone.add(reads.header.toLowerCase())
      const keys = [...(own === undefined ? [] : [own]), ...this.keysOf(names)]
      added.push(reads.header, keys.join(reads.separator))
    }
    const missing = vary.filter(name => !namesOf(fieldOf(fields, 'vary')).includes(name))
    if (missing.length > 0) added.push('Vary', missing.join(', '))
    return edited(fields, { gone, added })
  }

  /** The fields of an answer that no CDN may keep. Browsers, and caches that nobody has named, may what they might. */
  refused(fields: readonly string[]): readonly string[] {
    const gone = new Set(TOLD)
    const added = ['CDN-Cache-Control', 'no-store']
    if (this.lifetimes.has('Surrogate-Control')) added.push('Surrogate-Control', 'no-store')
    if (this.lifetimes.has('X-Accel-Expires')) {
      gone.add('x-accel-expires')
      added.unshift('X-Accel-Expires', '0')
    }
    const isFastly = this.lifetimes.has('Surrogate-Control')
    if (isFastly || this.lifetimes.has('s-maxage')) {
      const control = fieldOf(fields, 'cache-control')
      if (!(isFastly ? PRIVATE : PRIVATE_OR_NOT_STORED).test(control ?? '')) {
        gone.add('cache-control')
        const rest = without(control, /^(?:public|s-maxage\b.*|proxy-revalidate)$/i)
        added.push('Cache-Control', ['private', ...rest].join(', '))
      }
    }
    return edited(fields, { gone, added })
  }

  /** Undefined: it stays as it is. */
  private cacheControl(
    fields: readonly string[],
    { browser }: CdnPolicy,
    seconds: number,
  ): string | undefined {
    const own = fieldOf(fields, 'cache-control')
    const shared = this.lifetimes.has('s-maxage')
    const says = own !== undefined || fieldOf(fields, 'expires') !== undefined
    if (browser === undefined && says && !shared) return undefined
    return [
      ...(browser === undefined && says
        ? without(own, /^s-maxage\b/i)
        : typeof browser === 'number'
          ? [`max-age=${Math.floor(browser / 1000)}`]
          : // With s-maxage `no-cache` would bind CloudFront too.
            shared
            ? ['max-age=0', 'must-revalidate']
            : ['no-cache']),
      ...(shared ? [`s-maxage=${seconds}`] : []),
    ].join(', ')
  }

  private keysOf(names: readonly string[]): string[] {
    return [...new Set([ALL, ...names].map(name => this.keys.of(name)))]
  }
}

function canTellApart({ vary }: CdnFields, names: readonly string[]): boolean {
  if (vary === 'any' || names.length === 0) return true
  return vary === 'usual' && names.every(name => USUAL.has(name))
}

/** What the app tells CDNs in fields of theirs: milliseconds, Infinity when it says nothing. */
function toldBy(fields: readonly string[]): number | 'nothing' {
  let mostMs = Number.POSITIVE_INFINITY
  for (const name of TOLD) {
    const text = fieldOf(fields, name)
    if (text === undefined) continue
    if (/no-store|no-cache|private/i.test(text)) return 'nothing'
    const [, seconds] = /(?:s-maxage|max-age)\s*=\s*"?(\d{1,9})/i.exec(text) ?? []
    if (seconds !== undefined) mostMs = Math.min(mostMs, Number(seconds) * 1000)
  }
  return mostMs
}

function edited(fields: readonly string[], { gone, added }: Edit): string[] {
  const made = [...added]
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string
    if (!gone.has(name.toLowerCase())) made.push(name, fields[at + 1] as string)
  }
  return made
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  const values: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2)
    if ((fields[at] as string).toLowerCase() === name) values.push(fields[at + 1] as string)
  return values.length === 0 ? undefined : values.join(', ')
}

const namesOf = (value: string | undefined): string[] =>
  (value ?? '').split(',').map(name => name.trim().toLowerCase())

/** The directives of a Cache-Control but for some. */
const without = (control: string | undefined, some: RegExp): string[] =>
  (control ?? '')
    .split(',')
    .map(directive => directive.trim())
    .filter(directive => directive !== '' && !some.test(directive))
