import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Options } from './options.js'
import { milliseconds, row } from './rows.js'
import type { StartShop } from './shop.js'

const STORM_MS = 8_000
const ORDINARY = 100
/** Each of them asks once in so long: together a part of what the shop can do. */
const PERIOD_MS = 8_000
/** One client, with so many requests at once. */
const GREEDY_AT_ONCE = 60
/** Told to come back in a second, it does in a tenth: all that it sends at once would be a test of the machine. */
const GREEDY_PAUSE_MS = 100
/** What comes at once is five. */
const MORE_THAN_A_BURST = 20

const config = fileURLToPath(new URL('../../demo/limits.config.json', import.meta.url))

/** The menu while one client storms it: as it is, and with a limit in the config. */
export async function showLimits(
  options: Options,
  _databaseUrl: string,
  start: StartShop,
  signal: AbortSignal,
): Promise<void> {
  const who = `GET /menu: one client ${GREEDY_AT_ONCE} at a time, ${ORDINARY} others now and then`
  process.stderr.write(`  ${who}, as it is\n`)
  const before = await withShop(start, {}, port => storm(port, signal))
  process.stderr.write(`  the same with a limit in its config\n`)
  const { after, obedient } = await withShop(start, { HOTPATH_CONFIG: config }, async port => ({
    after: await storm(port, signal),
    obedient: await obey(port),
  }))
  if (options.json) process.stdout.write(`${JSON.stringify({ before, after, obedient })}\n`)
  else process.stdout.write(table(before, after, obedient))
  if (after.ordinary.refused > 0) throw new Error('an ordinary client was refused: a bug of ours')
  if (after.greedy.refused === 0)
    throw new Error('the greedy client was not refused: a bug of ours')
}

interface Client {
  readonly answered: number
  readonly refused: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Storm {
  readonly ordinary: Client
  readonly greedy: Client
}

async function withShop<T>(
  start: StartShop,
  env: Readonly<Record<string, string>>,
  work: (port: number) => Promise<T>,
): Promise<T> {
  const { shop, addresses } = await start(env)
  try {
    const port = Number(new URL(addresses.api).port)
    for (let n = 0; n < 50; n++) await ask(port, new Agent(), 'warm up')
    return await work(port)
  } finally {
    await shop.stop()
  }
}

async function storm(port: number, signal: AbortSignal): Promise<Storm> {
  const endMs = performance.now() + STORM_MS
  const [ordinary, greedy]: [Asked[], Asked[]] = [[], []]
  const agents = [ORDINARY, GREEDY_AT_ONCE].map(
    maxSockets => new Agent({ keepAlive: true, maxSockets }),
  ) as [Agent, Agent]
  const grab = async (): Promise<void> => {
    while (performance.now() < endMs && !signal.aborted) {
      const asked = await ask(port, agents[1], 'greedy')
      greedy.push(asked)
      if (asked.status === 429) await delay(GREEDY_PAUSE_MS)
    }
  }
  const visit = async (n: number): Promise<void> => {
    await delay((n * PERIOD_MS) / ORDINARY)
    while (performance.now() < endMs && !signal.aborted) {
      ordinary.push(await ask(port, agents[0], `ordinary ${n}`))
      await delay(PERIOD_MS)
    }
  }
  await Promise.all([
    ...Array.from({ length: GREEDY_AT_ONCE }, grab),
    ...Array.from({ length: ORDINARY }, (_, n) => visit(n)),
  ])
  for (const agent of agents) agent.destroy()
  signal.throwIfAborted()
  return { ordinary: clientOf(ordinary), greedy: clientOf(greedy) }
}

interface Asked {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly ms: number
}

function ask(port: number, agent: Agent, key: string): Promise<Asked> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { 'x-api-key': key }
    const sent = request({ host: '127.0.0.1', port, path: '/menu', agent, headers }, response => {
      response.resume()
      response.once('end', () => {
        const { statusCode: status = 0 } = response
        resolve({ status, headers: response.headers, ms: performance.now() - startMs })
      })
    })
    sent.once('error', reject)
    sent.end()
  })
}

function clientOf(asked: readonly Asked[]): Client {
  const times = asked
    .filter(({ status }) => status === 200)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b)
  const odd = asked.find(({ status }) => status !== 200 && status !== 429)
  if (odd !== undefined) throw new Error(`GET /menu answered ${odd.status}`)
  return {
    answered: times.length,
    refused: asked.length - times.length,
    p50Ms: times[times.length >> 1] ?? 0,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
  }
}

/** What a client was told that does as it is told. */
interface Obedient {
  /** Requests that it had before it was refused. */
  readonly had: number
  readonly headers: Readonly<Record<string, string>>
}

/** Asks for more than it has, waits as long as it is told, and is let in. */
async function obey(port: number): Promise<Obedient> {
  const agent = new Agent({ keepAlive: true })
  try {
    const all = Array.from({ length: MORE_THAN_A_BURST }, () => ask(port, agent, 'obedient'))
    const answers = await Promise.all(all)
    const had = answers.filter(({ status }) => status === 200).length
    const refused = answers.find(({ status }) => status !== 200)
    if (refused === undefined) throw new Error(`${had} requests at once were all let in`)
    const told = toldBy(refused)
    await delay(Number(told['retry-after']) * 1_000)
    const again = await ask(port, agent, 'obedient')
    if (again.status !== 200) throw new Error(`who waited was answered ${again.status}`)
    return { had, headers: told }
  } finally {
    agent.destroy()
  }
}

/** Throws when a refusal does not say what it should. */
function toldBy({ status, headers }: Asked): Obedient['headers'] {
  const names = ['retry-after', 'ratelimit-policy', 'ratelimit', 'content-type'] as const
  const told = Object.fromEntries(names.map(name => [name, String(headers[name])])) as Record<
    (typeof names)[number],
    string
  >
  const wait = Number(told['retry-after'])
  const isRight =
    status === 429 &&
    Number.isInteger(wait) &&
    wait >= 1 &&
    told['ratelimit-policy'] === '"5/s";q=5;w=1' &&
    told.ratelimit === `"5/s";r=0;t=${wait}` &&
    told['content-type'].startsWith('application/problem+json')
  if (!isRight) throw new Error(`a refusal says ${JSON.stringify({ status, ...told })}`)
  return told
}

function table(before: Storm, after: Storm, { had, headers }: Obedient): string {
  const figures = (one: Client): string => `${one.answered}`
  const better = before.ordinary.p99Ms / after.ordinary.p99Ms
  return `${[
    '',
    row('GET /menu in a storm', 'before', 'after'),
    row(
      'ordinary clients, median',
      milliseconds(before.ordinary.p50Ms),
      milliseconds(after.ordinary.p50Ms),
    ),
    row(
      'ordinary clients, p99',
      milliseconds(before.ordinary.p99Ms),
      milliseconds(after.ordinary.p99Ms),
      `${better.toFixed(1)}\u00d7 faster`,
    ),
    row('the greedy one: answered', figures(before.greedy), figures(after.greedy)),
    row('the greedy one: refused', String(before.greedy.refused), String(after.greedy.refused)),
    row(
      'ordinary clients refused',
      String(before.ordinary.refused),
      String(after.ordinary.refused),
    ),
    '',
    `  A client that does as it is told had ${had} answers, then 429 with`,
    ...Object.entries(headers).map(([name, value]) => `    ${name}: ${value}`),
    '  waited as long, and was let in.',
    '',
    '  By its config alone, the code is the same:',
    '    examples/coffee-shop/demo/limits.config.json',
    '',
  ].join('\n')}\n`
}
