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
  }
  readonly applied: readonly { readonly outcome: string; readonly why?: string }[]
}

/** The look-up by e-mail as it is, and with the index that `hotpath index --apply` makes while the shop runs. */
export async function showIndex(options: Options, place: Place): Promise<void> {
  const { shop, addresses } = await place.start({})
  try {
    process.stderr.write(`  ${ROUTE}, ${REQUESTS} times, one after another, as it is\n`)
    const before = await median(addresses, place.signal)
    await waitForFindings(addresses.console, REQUESTS)
    process.stderr.write('  hotpath index --apply\n')
    const command = indexCommand(addresses, place.databaseUrl, place.copyUrl)
    const { advice, applied } = await askHotpath<Applied>([...command, '--apply'], place.folder)
    const [failed] = applied.filter(({ outcome }) => outcome !== 'done')
    if (failed !== undefined) throw new Error(`the index was not made: ${failed.why}`)
    process.stderr.write('  the same again, on the same shop\n')
    const after = await median(addresses, place.signal)
    const sql = advice.create.flatMap(one => one.sql)
    const predicted = advice.create
      .flatMap(({ serves }) => serves.flatMap(({ routes }) => routes))
      .find(({ route }) => route === ROUTE)?.predictedMs
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ beforeMs: before, afterMs: after, predictedMs: predicted ?? null, sql })}\n`,
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
          '',
          ...sql.map(one => `  ${one};`),
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
    const email = `reader${1 + ((i * 7_919) % 200_000)}@example.com`
    const response = await fetch(`${addresses.api}/subscribers/lookup?email=${email}`)
    await response.text()
    if (!response.ok) throw new Error(`${ROUTE} answered ${response.status}`)
    times.push(performance.now() - startMs)
  }
  const warm = times.slice(WARM_UP).sort((a, b) => a - b)
  return warm[warm.length >> 1] ?? 0
}
