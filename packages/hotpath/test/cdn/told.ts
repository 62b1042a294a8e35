import type { IncomingMessage } from 'node:http'
import type { CdnFields, CdnPurger, PurgeResult } from 'hotpath/cdn'
import { currentComputation } from '../../dist/cache/computation.js'
import { processTags } from '../../dist/cache/tags.js'
import { CdnKeys } from '../../dist/cdn/keys.js'
import type { ResponseCacheConfig } from '../../dist/config/response-cache.js'
import { CachedServer, type Handler, until } from '../serve/cached-server.js'

/** A CDN that writes down what it is told. */
export class Told implements CdnPurger {
  readonly name = 'told'
  readonly by: 'key' | 'path'
  readonly reads: CdnFields
  readonly limits = { perCall: 1_000, perSecond: 1_000, burst: 1_000 }
  readonly purged: string[] = []
  result: PurgeResult = { ok: true }

  constructor(reads: Partial<CdnFields> = {}, by: 'key' | 'path' = 'key') {
    this.by = by
    this.reads = {
      lifetime: 'CDN-Cache-Control',
      keys: { header: 'Surrogate-Key', separator: ' ' },
      mostKeys: 100,
      mostBytes: 8_000,
      vary: 'any',
      ...reads,
    }
  }

  async purge(items: readonly string[]): Promise<PurgeResult> {
    this.purged.push(...items)
    return this.result
  }
}

export const key = (name: string): string => new CdnKeys('shop').of(name)
export const MENU = 'pg:1/5:shop.menu'
export const read = (...names: string[]): void => {
  for (const name of names) {
    const tag = processTags().of(name)
    currentComputation()?.note(tag, tag.version)
  }
}
export const menu: Handler = (_, response) => {
  read('pg:1/5', MENU)
  response.end('espresso')
}

export interface Options {
  readonly handler?: Handler
  readonly cache?: Partial<ResponseCacheConfig>
  readonly reads?: Partial<CdnFields>
  readonly earned?: boolean
  readonly by?: 'key' | 'path'
  readonly again?: string
  /** The route of the policy, and those that requests turn out to be of. */
  readonly path?: string
  readonly routeOf?: (request: IncomingMessage) => string
}

export async function behind({
  handler = menu,
  cache = {},
  reads = {},
  earned = true,
  by,
  again,
  path = '/menu',
  routeOf,
}: Options) {
  const cdn = new Told(reads, by)
  const app = await CachedServer.start(handler, {
    routes: { [`GET ${path}`]: { ttl: '30s', cdn: { ttl: '1h' }, ...cache } },
    cdn: { purge: [cdn], ...(again === undefined ? {} : { again }) },
    earned,
    ...(routeOf === undefined ? {} : { routeOf }),
  })
  if (by !== 'path')
    await until(() => cdn.purged.splice(0).length > 0, 'the purge of all, at the start')
  return { app, cdn, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() }
}

export const setting =
  (name: string, value: string): Handler =>
  (request, response) => {
    response.setHeader(name, value)
    menu(request, response)
  }
