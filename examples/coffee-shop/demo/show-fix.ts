import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type { Options } from './options.js'
import type { Service } from './service.js'

/** Where what was started is to be reached. */
export interface Addresses {
  readonly api: string
  readonly console: string
}

export interface Shop {
  readonly shop: Service
  readonly addresses: Addresses
}

/** Starts the shop with these variables besides its own. */
export type StartShop = (env: Readonly<Record<string, string>>) => Promise<Shop>

const REQUESTS = 15
/** The first requests compile the code, and show Hotpath the loop. */
const WARM_UP = 5

const config = fileURLToPath(new URL('../../demo/batch.config.json', import.meta.url))

/** The users page as it is, and with `queries: { batch: 'on' }`: the shop's code is the same. */
export async function showFix(
  options: Options,
  databaseUrl: string,
  start: StartShop,
  signal: AbortSignal,
): Promise<void> {
  process.stderr.write(`  GET /users, ${REQUESTS} times, one after another, as it is\n`)
  const before = await measured(databaseUrl, start, {}, signal)
  process.stderr.write(`  the same with queries: { batch: 'on' } in its config\n`)
  const after = await measured(databaseUrl, start, { HOTPATH_CONFIG: config }, signal)
  const equal = before.digest === after.digest
  if (options.json) process.stdout.write(`${JSON.stringify({ before, after, equal })}\n`)
  else process.stdout.write(table(before, after, equal))
  if (!equal) throw new Error('the users page is not the same with batching: a bug of ours')
}

interface Measured {
  readonly firstMs: number
  readonly medianMs: number
  /** Transactions that the database counted, per request: outside of one, a statement is one. */
  readonly statements: number
  readonly digest: string
}

async function measured(
  databaseUrl: string,
  start: StartShop,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Measured> {
  const { shop, addresses } = await start(env)
  try {
    const times: number[] = []
    let digest = ''
    // The statistics of a connection may come a second late: counted are the requests in between.
    const countedFrom = await transactions(databaseUrl)
    for (let i = 0; i < REQUESTS; i++) {
      signal.throwIfAborted()
      const startMs = performance.now()
      const body = await (await fetch(`${addresses.api}/users`)).text()
      times.push(performance.now() - startMs)
      digest = createHash('sha256').update(body).digest('hex')
    }
    await shop.stop()
    const counted = (await transactions(databaseUrl)) - countedFrom
    const warm = times.slice(WARM_UP).sort((a, b) => a - b)
    return {
      firstMs: times[0] ?? 0,
      medianMs: warm[warm.length >> 1] ?? 0,
      statements: Math.round(counted / REQUESTS),
      digest,
    }
  } finally {
    await shop.stop()
  }
}

/** The database's own count, once it has not changed for a while. */
async function transactions(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const count = async () => {
      const { rows } = await client.query<{ n: string }>(
        'select xact_commit as n from pg_stat_database where datname = current_database()',
      )
      return Number(rows[0]?.n)
    }
    let before = await count()
    for (let same = 0; same < 4; ) {
      await delay(300)
      const now = await count()
      // Of its own looks each is one more.
      same = now - before <= 2 ? same + 1 : 0
      before = now
    }
    return before
  } finally {
    await client.end()
  }
}

function table(before: Measured, after: Measured, equal: boolean): string {
  const row = (name: string, a: string, b: string, more = '') =>
    `  ${name.padEnd(34)}${a.padStart(10)}${b.padStart(10)}  ${more}`.trimEnd()
  const ms = (value: number) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
  const faster = `${(before.medianMs / after.medianMs).toFixed(1)}\u00d7 faster`
  return `${[
    '',
    row('GET /users', 'before', 'after'),
    row('median, once it is known', ms(before.medianMs), ms(after.medianMs), faster),
    row('first request', ms(before.firstMs), ms(after.firstMs)),
    row('statements a request', String(before.statements), String(after.statements)),
    row('answers', equal ? 'equal' : 'DIFFERENT', ''),
    '',
    "  By one line of config, queries: { batch: 'on' }; the code is the same.",
    '',
  ].join('\n')}\n`
}
