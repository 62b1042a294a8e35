import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Advice, Served } from './advice.js'
import type { Applied } from './apply.js'
import type { Kind } from './databases.js'

/** What was made, and what the planner says of it now that it is there. */
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
}

/**
 * Asks for the plans of the statements that gain, with the real indexes, and writes all of it to
 * `.hotpath/index-TIME.json` in `directory`. Returns what it wrote, and where.
 */
export async function writeReceipt(
  { costsNow }: Pick<Kind, 'costsNow'>,
  url: string,
  advice: Advice,
  applied: readonly Applied[],
  { directory, nowMs }: { readonly directory: string; readonly nowMs: number },
): Promise<{ readonly file: string; readonly receipt: Receipt }> {
  const made = advice.create.filter(({ name }) =>
    applied.some(one => one.name === name && one.what === 'make' && one.outcome === 'done'),
  )
  // What a foreign key looks up nobody wrote.
  const gains = made.flatMap(({ name, serves }) =>
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
  }
  const folder = join(directory, '.hotpath')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `index-${at.replaceAll(/[:.]/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(receipt, null, 2)}\n`)
  return { file, receipt }
}

const isWritten = ({ statement }: Served): boolean => !statement.startsWith('(foreign key')
