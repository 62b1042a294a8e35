import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Advice, Creation, RouteShare, Served, Statement } from './advice.js'
import type { Applied } from './apply.js'

/** What was made, and what the planner and live traffic say of it now that it is there. */
export interface Receipt {
  readonly at: string
  readonly database: string
  readonly applied: readonly Applied[]
  /** Of the statements that an index serves: as it was, as it was predicted, as it is. */
  readonly statements: readonly {
    readonly statement: string
    readonly index: string
    readonly before: number
    readonly predicted: number
    readonly now: number | null
  }[]
  /** Of the routes that run them: half of the requests are faster. */
  readonly routes: readonly {
    readonly route: string
    readonly beforeMs: number | null
    readonly predictedMs: number | null
    /** null: not measured, since fewer than 20 requests came while it was waited for them. */
    readonly measuredMs: number | null
    /** Since it was made. */
    readonly requests: number
  }[]
}

/** Asks a database for the costs of statements as it is now. */
interface Planner {
  costsNow(url: string, statements: readonly Statement[]): Promise<ReadonlyMap<string, number>>
}

/** What came of a route since the indexes are there. */
export interface LiveRoute {
  readonly route: string
  readonly requests: number
  readonly p50Ms: number | null
}

/** The routes that the indexes serve which were made, each once, with the best that is predicted of it. */
export function routesOf(advice: Advice, applied: readonly Applied[]): RouteShare[] {
  const best = new Map<string, RouteShare>()
  for (const { serves } of madeOf(advice, applied))
    for (const one of serves.flatMap(({ routes }) => routes)) {
      const { predictedMs = Number.POSITIVE_INFINITY } = best.get(one.route) ?? {}
      if (!best.has(one.route) || (one.predictedMs ?? predictedMs) < predictedMs)
        best.set(one.route, one)
    }
  return [...best.values()]
}

/**
 * Asks for the plans of the statements that gain, with the real indexes, and writes all of it, with what `live`
 * traffic shows, to `.hotpath/index-TIME.json` in `directory`. Returns what it wrote, and where.
 */
export async function writeReceipt(
  { costsNow }: Planner,
  url: string,
  advice: Advice,
  applied: readonly Applied[],
  {
    directory,
    nowMs,
    live,
  }: { readonly directory: string; readonly nowMs: number; readonly live: readonly LiveRoute[] },
): Promise<{ readonly file: string; readonly receipt: Receipt }> {
  // What a foreign key looks up nobody wrote.
  const gains = madeOf(advice, applied).flatMap(({ name, serves }) =>
    serves.filter(isWritten).map(served => ({ index: name, served })),
  )
  const texts = gains.map(({ served }) => ({ text: served.statement, calls: 1, routes: [] }))
  const now = texts.length === 0 ? new Map<string, number>() : await costsNow(url, texts)
  const at = new Date(nowMs).toISOString()
  const receipt: Receipt = {
    at,
    database: advice.database,
    applied,
    statements: gains.map(({ index, served }) => ({
      statement: served.statement,
      index,
      before: served.cost.before,
      predicted: served.cost.after,
      now: now.get(served.statement) ?? null,
    })),
    routes: routesOf(advice, applied).map(({ route, p50Ms, predictedMs }) => {
      const since = live.find(one => one.route === route)
      return {
        route,
        beforeMs: p50Ms ?? null,
        predictedMs: predictedMs ?? null,
        measuredMs: since?.p50Ms ?? null,
        requests: since?.requests ?? 0,
      }
    }),
  }
  const folder = join(directory, '.hotpath')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `index-${at.replaceAll(/[:.]/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(receipt, null, 2)}\n`)
  return { file, receipt }
}

function madeOf({ create }: Advice, applied: readonly Applied[]): Creation[] {
  return create.filter(({ name }) =>
    applied.some(one => one.name === name && one.what === 'make' && one.outcome === 'done'),
  )
}

const isWritten = ({ statement }: Served): boolean => !statement.startsWith('(foreign key')
