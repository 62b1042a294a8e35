import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase } from './database.js'
import { hotpathCommand, runHotpath, waitForFindings } from './cli.js'
import { copyDatabase, showIndexAdvice } from './index-advice.js'
import { drive, plan } from './load.js'
import { startMailStandIn } from './mail.js'
import type { Options } from './options.js'
import { freePort } from './ports.js'
import { loadProfile } from './profile.js'
import { Progress } from './progress.js'
import { seedDatabase } from './seed.js'
import { Service } from './service.js'
import type { Addresses, Shop, StartShop } from './shop.js'
import { showBatch } from './show-batch.js'
import { showCache } from './show-cache.js'
import { showIndex } from './show-index.js'
import { showLimits } from './show-limits.js'

/**
 * Callers at a time. With 8 on two busy cores a request waited for the processor longer than for
 * its queries, and look-ups by key took 20 ms; with 4 the run takes as long, and shows the queries.
 */
const CONCURRENCY = 4

/** The coffee shop's own folder, as seen from dist/demo. */
const shopFolder = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The demo from start to end. What is started is stopped in reverse order, however it ends;
 * `signal` ends it early.
 */
export async function run(options: Options, signal: AbortSignal): Promise<void> {
  const closers: (() => Promise<void>)[] = []
  try {
    if (!process.env.DATABASE_URL) say('starting a PostgreSQL')
    const database = await openDatabase()
    closers.push(() => database.stop())
    signal.throwIfAborted()

    say(`filling ${database.label}`)
    await seedDatabase(shopFolder, database.url)
    signal.throwIfAborted()
    // Of the demo's own database alone: another's is not to be doubled.
    const isOwn = !process.env.DATABASE_URL
    const isAdvised = options.fix === 'index' || (options.fix === undefined && !options.json)
    const copyUrl = isOwn && isAdvised ? await copyDatabase(database.url) : undefined

    const mail = await startMailStandIn()
    closers.push(() => mail.stop())
    const storeFolder = mkdtempSync(join(tmpdir(), 'hotpath-demo-'))
    closers.push(async () => rmSync(storeFolder, { recursive: true, force: true }))

    if (options.fix !== undefined) {
      const start: StartShop = env =>
        startShop(options.once, database.url, mail.url, storeFolder, closers, env)
      if (options.fix === 'index')
        await showIndex(options, {
          databaseUrl: database.url,
          copyUrl,
          start,
          folder: storeFolder,
          signal,
        })
      else {
        const shows = { batch: showBatch, cache: showCache, limits: showLimits }
        await shows[options.fix](options, database.url, start, signal)
      }
      return
    }

    say('starting the coffee shop: hotpath dev -- node dist/src/main.js')
    const { shop, addresses } = await startShop(
      options.once,
      database.url,
      mail.url,
      storeFolder,
      closers,
      // The database is the demo's own: it may be asked how it runs what is slow.
      { HOTPATH_EXPLAIN: 'on' },
    )
    signal.throwIfAborted()

    await load(shop, addresses, options, signal)
    await showFindings(addresses, options)
    if (!options.json) await showIndexAdvice(addresses, database.url, copyUrl)
    if (options.once) {
      say(
        'API and console end with this run; `npm start` alone leaves them running for more questions',
      )
      return
    }
    showWhatNext(addresses)
    await Promise.race([aborted(signal), shop.ended])
    if (!signal.aborted) throw shop.failure()
  } finally {
    for (const close of closers.toReversed()) await close()
  }
}

async function startShop(
  once: boolean,
  databaseUrl: string,
  mailUrl: string,
  storeFolder: string,
  closers: (() => Promise<void>)[],
  env: Readonly<Record<string, string>> = {},
): Promise<Shop> {
  // With --once nobody goes there afterwards: two runs at a time must not want the same ports.
  const port = (known: number) => (once ? freePort() : freePort(known))
  const apiPort = await port(3000)
  const roasteryPort = await port(3001)
  const consolePort = await port(4318)
  const shop = new Service({
    label: 'the coffee shop',
    args: [
      hotpathCommand,
      'dev',
      '--port',
      String(consolePort),
      '--store',
      join(storeFolder, 'store.duckdb'),
      '--',
      process.execPath,
      'dist/src/main.js',
    ],
    env: {
      DATABASE_URL: databaseUrl,
      MAIL_URL: mailUrl,
      PORT: String(apiPort),
      ROASTERY_PORT: String(roasteryPort),
      ROASTERY_URL: `http://127.0.0.1:${roasteryPort}`,
      ...env,
    },
    folder: shopFolder,
  })
  closers.push(() => shop.stop())
  const addresses = {
    api: `http://127.0.0.1:${apiPort}`,
    console: `http://127.0.0.1:${consolePort}`,
  }
  await shop.ready(`${addresses.console}/healthz`)
  await shop.ready(`http://127.0.0.1:${roasteryPort}/health`)
  await shop.ready(`${addresses.api}/health`)
  return { shop, addresses }
}

async function load(
  shop: Service,
  addresses: Addresses,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const calls = plan(loadProfile, options.requests)
  say(
    `asking the shop ${calls.length.toLocaleString('en')} times, ${CONCURRENCY} callers at a time`,
  )
  const progress = new Progress(calls.length)
  const { answered, failures } = await drive({
    url: addresses.api,
    calls,
    concurrency: CONCURRENCY,
    onAnswer: done => progress.show(done),
    signal,
  })
  signal.throwIfAborted()
  if (!shop.running) throw shop.failure()
  for (const [what, times] of failures) say(`failed ${times} times: ${what}`)
  if (failures.size > 0) throw new Error('the shop failed to answer some requests')
  if (!(await waitForFindings(addresses.console, answered))) {
    say('not all requests have reached the console yet: the findings are of those that have')
  }
}

async function showFindings(addresses: Addresses, options: Options): Promise<void> {
  process.stderr.write('\n')
  const json = options.json ? ['--json'] : []
  await runHotpath(['findings', '--url', addresses.console, ...json])
}

function showWhatNext(addresses: Addresses): void {
  const url = addresses.console.endsWith(':4318') ? '' : ` --url ${addresses.console}`
  process.stderr.write(
    [
      '',
      `  The API      ${addresses.api}   (try curl ${addresses.api}/menu)`,
      `  The console  ${addresses.console}   (open it in a browser)`,
      '',
      '  In another terminal:',
      `    npx hotpath routes${url}`,
      `    npx hotpath findings${url}`,
      '',
      '  Ctrl-C stops all of it.',
      '',
    ].join('\n'),
  )
}

function say(line: string): void {
  process.stderr.write(`  ${line}\n`)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
