import type { IncomingMessage, ServerResponse } from 'node:http'
import { processTags } from '../cache/tags.js'
import type { Cdn } from '../cdn/start.js'
import type { Clock } from '../clock.js'
import { isUnderway } from './capture.js'
import type { Entry } from './entry.js'
import { headText, readHead } from './head.js'
import { type CachePolicy, isOf } from './policy.js'
import { Kind, kindOf } from './request-fields.js'
import type { RequestSpan } from './seam.js'

/** An answer as CDNs are told of it, and as they are told while they take no purges. */
export interface ForCdn {
  /** Undefined: it is not for them. */
  readonly kept: readonly string[] | undefined
  readonly refused: readonly string[]
  /** Tags, and the name of its target: what drops it. The same list for all its forms. */
  readonly names: readonly string[]
  /** The same answer with other fields: as the app sent it, or compressed. */
  with(fields: readonly string[]): ForCdn
}

/** The name by which a write to a target drops what CDNs hold of it, whatever its query. */
export const targetName = (host: string, path: string): string =>
  `at:${host.toLowerCase()}${path.split('?')[0] ?? ''}`

/** Host and target of a request, as the app was asked for them. */
export function targetOf({ headers, url = '' }: IncomingMessage): readonly [string, string] {
  return [headers.host ?? '', url]
}

/**
 * What CDNs are told of an answer that is kept for everybody; undefined: its policy says nothing to them. One
 * that depends on who asks is for nobody but this cache, which looks at what a request brings.
 *
 * @param names Request headers that it depends on, in lower case.
 */
export function forCdn(
  cdn: Cdn | undefined,
  policy: CachePolicy,
  { fields, lifetime, reading, begunMs, compressible }: Entry,
  names: readonly string[],
  clock: Clock,
  [host, path]: readonly [string, string],
): ForCdn | undefined {
  const route = policy.cdn
  if (cdn === undefined || route === undefined) return undefined
  const { explicitMs, ageMs } = lifetime
  const about = {
    policy: route,
    explicitMs,
    vary: compressible ? [...new Set([...names, 'accept-encoding'])] : names,
    names: [...[...reading.noted.keys()].map(tag => tag.name), targetName(host, path)],
    bornMs: clock.origin + begunMs - ageMs,
  }
  const isForOne = names.some(name => kindOf(name) === Kind.Credential)
  const made = (own: readonly string[]): ForCdn => ({
    kept: isForOne ? undefined : cdn.marking.kept(own, about),
    refused: cdn.marking.refused(own),
    names: about.names,
    with: made,
  })
  return made(fields)
}

/**
 * What CDNs are told of a kept answer that is given at this moment. Where versions are shared, one that is given
 * because the app failed was asked about before that was waited for: another process may have written since.
 */
function marksAt(entry: Entry, nowMs: number): ForCdn | undefined {
  const waited = entry.ageMs(nowMs) >= entry.lifetime.revalidateMs
  return waited && processTags().strict !== undefined ? undefined : entry.forCdn
}

/** The fields of a kept answer, with what CDNs are told of it now. */
export function fieldsNow(
  cdn: Cdn | undefined,
  nowMs: number,
  request: IncomingMessage,
  response: object,
  policy: CachePolicy,
  entry: Entry,
): readonly string[] {
  if (cdn === undefined || policy.cdn === undefined) return entry.fields
  const marks = marksAt(entry, nowMs)
  if (marks === undefined) return cdn.marking.refused(entry.fields)
  return told(cdn, response, marks, () => targetOf(request))
}

/**
 * The fields with which an answer goes out now.
 *
 * @param target Host and target of its request, which need not be those of the request that it was made for.
 */
export function told(
  { purges }: Cdn,
  response: object,
  { kept, refused, names }: ForCdn,
  target: () => readonly [string, string],
): readonly string[] {
  if (kept === undefined || !purges.open) return refused
  return purges.sends(response, names, () => target().join('')) ? kept : refused
}

/**
 * Of an answer that nobody looks at closer, since its request is private or odd, no CDN may keep anything
 * either, if it is of this policy's route. Done as the head is written, before it is sent.
 */
export function refuseCdn(
  cdn: Cdn,
  response: ServerResponse,
  span: RequestSpan,
  policy: CachePolicy,
  caught: () => void,
): void {
  const { writeHead } = response
  Object.defineProperty(response, 'writeHead', {
    writable: true,
    configurable: true,
    value(this: ServerResponse, ...args: unknown[]) {
      const result: unknown = Reflect.apply(writeHead, this, args)
      try {
        const head = readHead(Reflect.get(response, '_header'))
        if (head !== undefined && !isUnderway(response) && isOf(policy, span))
          Reflect.set(
            response,
            '_header',
            headText({ ...head, fields: cdn.marking.refused(head.fields) }),
          )
      } catch {
        caught()
      }
      return result
    },
  })
}
