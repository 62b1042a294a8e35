import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { outsideTriggers } from 'hotpath/config'
import { Client } from 'pg'
import type { Options } from './options.js'
import { freePort } from './ports.js'
import { milliseconds, row } from './rows.js'
import type { StartShop } from './shop.js'
import { type ThroughFront, throughFront } from './show-front.js'
import { transactions } from './transactions.js'
import { hasVarnish, HOW_TO_INSTALL, startVarnish } from './varnish.js'

/** With these the policy earns that it serves: 20 answers in a row that were equal, and some to compile the code. */
const WARM_UP = 30
const REQUESTS = 200
/** What a write of others may take to be heard of, before this demo calls it a bug. */
const HEARD_WITHIN_MS = 5_000

/** Three processes listen, and say once a second that they do. */
const BEATS = 6

const config = fileURLToPath(new URL('../../demo/cache.config.mjs', import.meta.url))
/** What the menu is made of. */
const tables = ['coffee_shop.products', 'coffee_shop.order_lines']

interface Dish {
  readonly id: number
  readonly price_cents: number
  readonly sold: number
}

/** The menu as it is, and with a cache in the config; then writes, by the API and past it. */
export async function showCache(
  options: Options,
  databaseUrl: string,
  start: StartShop,
  signal: AbortSignal,
): Promise<void> {
  process.stderr.write(`  GET /menu, ${REQUESTS} times, one after another, as it is\n`)
  const before = await withShop(start, {}, api => measured(databaseUrl, api, signal))
  process.stderr.write(`  the same with a cache in its config\n`)
  await runSql(databaseUrl, outsideTriggers(tables))
  const frontPort = hasVarnish() ? await freePort() : undefined
  const frontUrl = `http://127.0.0.1:${frontPort}`
  const env = {
    HOTPATH_CONFIG: config,
    ...(frontPort === undefined ? {} : { FRONT_URL: frontUrl }),
  }
  const { after, writes, front } = await withShop(start, env, async api => {
    const stop = frontPort === undefined ? undefined : await startVarnish(frontPort, api)
    try {
      return {
        after: await measured(databaseUrl, api, signal),
        writes: await written(databaseUrl, api),
        front: stop === undefined ? null : await throughFront(frontUrl, api),
      }
    } finally {
      await stop?.()
    }
  })
  if (options.json) process.stdout.write(`${JSON.stringify({ before, after, writes, front })}\n`)
  else process.stdout.write(table(before, after, writes, front))
  if (after.hits < REQUESTS) throw new Error(`only ${after.hits} answers came from the cache`)
}

interface Measured {
  readonly medianMs: number
  readonly p99Ms: number
  readonly statements: number
  readonly hits: number
}

async function withShop<T>(
  start: StartShop,
  env: Readonly<Record<string, string>>,
  work: (api: string) => Promise<T>,
): Promise<T> {
  const { shop, addresses } = await start(env)
  try {
    return await work(addresses.api)
  } finally {
    await shop.stop()
  }
}

async function measured(databaseUrl: string, api: string, signal: AbortSignal): Promise<Measured> {
  for (let i = 0; i < WARM_UP; i++) await (await fetch(`${api}/menu`)).arrayBuffer()
  const from = await transactions(databaseUrl, BEATS)
  const times: number[] = []
  let hits = 0
  for (let i = 0; i < REQUESTS; i++) {
    signal.throwIfAborted()
    const startMs = performance.now()
    const response = await fetch(`${api}/menu`)
    await response.arrayBuffer()
    times.push(performance.now() - startMs)
    if (response.headers.get('cache-status')?.includes('hit') === true) hits++
  }
  const statements = ((await transactions(databaseUrl, BEATS)) - from) / REQUESTS
  times.sort((a, b) => a - b)
  return {
    medianMs: times[times.length >> 1] ?? 0,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    statements: Math.round(statements),
    hits,
  }
}

interface Writes {
  /** The menu that was asked for after an order was placed, by the API. */
  readonly orderSeen: true
  /** From an UPDATE past the API to the first answer that has it. */
  readonly outsideSeenMs: number
}

/** Throws when the menu is older than it may be. */
async function written(databaseUrl: string, api: string): Promise<Writes> {
  const [dish] = await menu(api)
  if (dish === undefined) throw new Error('the menu is empty')
  const body = JSON.stringify({ user_id: 1, lines: [{ product_id: dish.id, quantity: 3 }] })
  const headers = { 'content-type': 'application/json' }
  const placed = await fetch(`${api}/orders`, { method: 'POST', headers, body })
  if (placed.status !== 201) throw new Error(`POST /orders answered ${placed.status}`)
  const now = await dishOf(api, dish.id)
  if (now.sold !== dish.sold + 3)
    throw new Error(`the menu says ${now.sold} sold after an order, not ${dish.sold + 3}`)
  const price = dish.price_cents + 1
  await dishOf(api, dish.id)
  await runSql(
    databaseUrl,
    `update coffee_shop.products set price_cents = ${price} where id = ${dish.id}`,
  )
  const startMs = performance.now()
  for (;;) {
    const passedMs = performance.now() - startMs
    if ((await dishOf(api, dish.id)).price_cents === price)
      return { orderSeen: true, outsideSeenMs: passedMs }
    if (passedMs > HEARD_WITHIN_MS) throw new Error('the menu has an old price')
    await delay(1)
  }
}

async function menu(api: string): Promise<Dish[]> {
  const sections = (await (await fetch(`${api}/menu`)).json()) as Record<string, Dish[]>
  return Object.values(sections).flat()
}

async function dishOf(api: string, id: number): Promise<Dish> {
  const dish = (await menu(api)).find(one => one.id === id)
  if (dish === undefined) throw new Error(`the menu has no dish ${id}`)
  return dish
}

async function runSql(databaseUrl: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

const ceiled = (ms: number): number => Math.max(1, Math.ceil(ms))
const share = (hits: number): string => `${Math.round((100 * hits) / REQUESTS)} %`

function table(
  before: Measured,
  after: Measured,
  writes: Writes,
  front: ThroughFront | null,
): string {
  const faster = `${(before.medianMs / after.medianMs).toFixed(1)}\u00d7 faster`
  return `${[
    '',
    row('GET /menu', 'before', 'after'),
    row('median', milliseconds(before.medianMs), milliseconds(after.medianMs), faster),
    row('p99', milliseconds(before.p99Ms), milliseconds(after.p99Ms)),
    row('statements a request', String(before.statements), String(after.statements)),
    row('from the cache', share(before.hits), share(after.hits)),
    '',
    '  An order by the API: the next menu has it.',
    `  An UPDATE past the API: the menu has it within ${ceiled(writes.outsideSeenMs)} ms.`,
    ...(front === null
      ? [
          '  With Varnish in front a write purges that too. To see it, run this again after',
          `    ${HOW_TO_INSTALL}`,
        ]
      : [
          `  Varnish in front: ${front.hits} of 100 menus came without asking the app.`,
          `  An order by the API purges it: the menu through it is new within ${ceiled(front.orderSeenMs)} ms.`,
        ]),
    '',
    '  By its config alone, the code is the same:',
    '    examples/coffee-shop/demo/cache.config.mjs',
    '',
  ].join('\n')}\n`
}
