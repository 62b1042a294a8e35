import { setTimeout as delay } from 'node:timers/promises'
import { askHotpath, waitForFindings } from './cli.js'
import { indexCommand } from './index-advice.js'
import type { Options } from './options.js'
import { milliseconds, row } from './rows.js'
import type { Addresses, StartShop } from './shop.js'

/** From 20 on percentiles are told, and predicted. */
const REQUESTS = 24
/** The first requests compile the code and open connections. */
const WARM_UP = 4
const ROUTE = 'GET /subscribers/lookup'
/** Nobody asks without a pause. */
const PAUSE_MS = 20

interface Place {
  readonly databaseUrl: string
  readonly copyUrl: string | undefined
  readonly start: StartShop
  /** Where the receipt goes; it is removed with the rest of the demo. */
  readonly folder: string
  readonly signal: AbortSignal
}

interface Applied {
  readonly advice: {
    readonly create: readonly {
      readonly sql: readonly string[]
      readonly serves: readonly {
        readonly routes: readonly { readonly route: string; readonly predictedMs?: number }[]
      }[]
    }[]
    readonly none: readonly { readonly reason: string; readonly why: string }[]
  }
  readonly receipt: {
    readonly routes: readonly { readonly route: string; readonly measuredMs: number | null }[]
  }
  readonly applied: readonly { readonly outcome: string; readonly why?: string }[]
}

/** The look-up by e-mail as it is, and with the index that `hotpath index --apply` makes while the shop runs. */
export async function showIndex(options: Options, place: Place): Promise<void> {
  const { shop, addresses } = await place.start({})
  try {
    process.stderr.write(`  ${ROUTE}, ${REQUESTS} times, one after another, as it is\n`)
    const before = await median(addresses, place.signal)
    process.stderr.write(
      `  a table that is mostly written: ${REQUESTS} branches close, who asks what ran out\n`,
    )
    for (let i = 0; i < REQUESTS; i++) {
      await ask(addresses, `/stock/${1 + (i % 12)}/closing`, 'POST')
      await ask(addresses, '/stock/shortages')
    }
    await waitForFindings(addresses.console, 3 * REQUESTS)
    process.stderr.write('  hotpath index --apply, while the look-ups go on\n')
    const command = indexCommand(addresses, place.databaseUrl, place.copyUrl)
    const { advice, applied, receipt } = await whileAsked(
      addresses,
      askHotpath<Applied>([...command, '--apply'], place.folder),
    )
    const [failed] = applied.filter(({ outcome }) => outcome !== 'done')
    if (failed !== undefined) throw new Error(`the index was not made: ${failed.why}`)
    process.stderr.write(`  ${ROUTE} again, on the same shop\n`)
    const after = await median(addresses, place.signal)
    const sql = advice.create.flatMap(one => one.sql)
    const predicted = advice.create
      .flatMap(({ serves }) => serves.flatMap(({ routes }) => routes))
      .find(({ route }) => route === ROUTE)?.predictedMs
    const measured = receipt.routes.find(({ route }) => route === ROUTE)?.measuredMs ?? null
    const refused = advice.none.filter(({ reason }) => reason === 'write-heavy')
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ beforeMs: before, afterMs: after, predictedMs: predicted ?? null, measuredMs: measured, sql, refused })}\n`,
      )
    else
      process.stdout.write(
        `${[
          '',
          row(ROUTE, 'before', 'after'),
          row(
            'median',
            milliseconds(before),
            milliseconds(after),
            `${(before / after).toFixed(1)}\u00d7 faster`,
          ),
          row(
            'the same, as it was predicted',
            '',
            predicted === undefined ? 'not' : milliseconds(predicted),
          ),
          row(
            'the same, as Hotpath measured it',
            '',
            measured === null ? 'not' : milliseconds(measured),
          ),
          '',
          ...sql.map(one => `  ${one};`),
          ...refused.map(({ why }) => `  none on the stock: ${why}`),
          '',
        ].join('\n')}\n`,
      )
  } finally {
    await shop.stop()
  }
}

async function median(addresses: Addresses, signal: AbortSignal): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < REQUESTS; i++) {
    signal.throwIfAborted()
    const startMs = performance.now()
    await lookUp(addresses, i)
    times.push(performance.now() - startMs)
  }
  const warm = times.slice(WARM_UP).sort((a, b) => a - b)
  return warm[warm.length >> 1] ?? 0
}

/** Look-ups go on as they would in production, until this is done. */
async function whileAsked<T>(addresses: Addresses, doing: Promise<T>): Promise<T> {
  const over = new AbortController()
  const done = doing.finally(() => over.abort())
  // It is told below, and not before somebody listens.
  done.catch(() => {})
  for (let i = 0; !over.signal.aborted; i++) {
    await lookUp(addresses, i)
    await delay(PAUSE_MS)
  }
  return done
}

const lookUp = (addresses: Addresses, i: number): Promise<void> =>
  ask(addresses, `/subscribers/lookup?email=reader${1 + ((i * 7_919) % 200_000)}@example.com`)

async function ask({ api }: Addresses, path: string, method = 'GET'): Promise<void> {
  const response = await fetch(`${api}${path}`, { method })
  await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`)
}
