import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { predictedP50, waitForFindings } from './cli.js'
import type { Options } from './options.js'
import { milliseconds, row } from './rows.js'
import type { StartShop } from './shop.js'
import { transactions } from './transactions.js'

/** From 20 on percentiles are told, and predicted. */
const REQUESTS = 24
/** The first requests compile the code, and show Hotpath the loop. */
const WARM_UP = 5

const config = fileURLToPath(new URL('../../demo/batch.config.json', import.meta.url))

/** The users page as it is, and with `queries: { batch: 'on' }`: the shop's code is the same. */
export async function showBatch(
  options: Options,
  databaseUrl: string,
  start: StartShop,
  signal: AbortSignal,
): Promise<void> {
  process.stderr.write(`  GET /users, ${REQUESTS} times, one after another, as it is\n`)
  const { predictedMs, ...before } = await measured(databaseUrl, start, {}, signal)
  process.stderr.write(`  the same with queries: { batch: 'on' } in its config\n`)
  const { predictedMs: _, ...after } = await measured(
    databaseUrl,
    start,
    { HOTPATH_CONFIG: config },
    signal,
  )
  const equal = before.digest === after.digest
  if (options.json)
    process.stdout.write(`${JSON.stringify({ before, after, predictedMs, equal })}\n`)
  else process.stdout.write(table(before, after, predictedMs, equal))
  if (!equal) throw new Error('the users page is not the same with batching: a bug of ours')
}

interface Measured {
  readonly firstMs: number
  readonly medianMs: number
  /** Transactions that the database counted, per request: outside of one, a statement is one. */
  readonly statements: number
  readonly digest: string
}

/** What the console predicts of batching, while there is a loop; null when it predicts nothing. */
interface Predicted {
  readonly predictedMs: number | null
}

async function measured(
  databaseUrl: string,
  start: StartShop,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Measured & Predicted> {
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
    const isAsItIs = Object.keys(env).length === 0
    if (isAsItIs) await waitForFindings(addresses.console, REQUESTS)
    const predictedMs = isAsItIs ? await predictedP50(addresses.console, 'n-plus-one') : null
    await shop.stop()
    const counted = (await transactions(databaseUrl)) - countedFrom
    const warm = times.slice(WARM_UP).sort((a, b) => a - b)
    return {
      firstMs: times[0] ?? 0,
      medianMs: warm[warm.length >> 1] ?? 0,
      statements: Math.round(counted / REQUESTS),
      digest,
      predictedMs,
    }
  } finally {
    await shop.stop()
  }
}

function table(
  before: Measured,
  after: Measured,
  predictedMs: number | null,
  equal: boolean,
): string {
  const faster = `${(before.medianMs / after.medianMs).toFixed(1)}\u00d7 faster`
  return `${[
    '',
    row('GET /users', 'before', 'after'),
    row(
      'median, once it is known',
      milliseconds(before.medianMs),
      milliseconds(after.medianMs),
      faster,
    ),
    row(
      'the same, as it was predicted',
      '',
      predictedMs === null ? 'not' : milliseconds(predictedMs),
    ),
    row('first request', milliseconds(before.firstMs), milliseconds(after.firstMs)),
    row('statements a request', String(before.statements), String(after.statements)),
    row('answers', equal ? 'equal' : 'DIFFERENT', ''),
    '',
    "  By one line of config, queries: { batch: 'on' }; the code is the same.",
    '',
  ].join('\n')}\n`
}
