import { PostgresProxy } from '@hotpath/test/postgres-proxy'
import { interleave } from '../measure/interleave.js'
import { say } from '../results.js'
import { QueriesApp } from './app-process.js'

/** One way of making the page: a page of the app, with nothing attached or with batching. */
interface Way {
  readonly page: string
  readonly batch: boolean
}

const WAYS: Readonly<Record<string, Way>> = {
  'loop, as it is': { page: 'loop', batch: false },
  'by hand': { page: 'hand', batch: false },
  'DataLoader, Promise.all': { page: 'dataloader', batch: false },
  'DataLoader in a loop': { page: 'dataloader-in-loop', batch: false },
  'Promise.all over a pool of 10': { page: 'parallel', batch: false },
  'nested, as it is': { page: 'nested', batch: false },
  'loop, batched, learned': { page: 'loop', batch: true },
  'nested, batched, learned': { page: 'nested', batch: true },
}

export const BATCHING = { queries: { batch: 'on' } }

/** What a way took in each round, and the statements that were on the wire for one request. */
export interface Measured {
  readonly ms: readonly number[]
  readonly statements: number
}

/** As many as V8 takes to compile what a page of 1,000 users runs; by hand the same. */
const WARM_REQUESTS = 30

/** All ways behind a proxy that adds `roundTripMs`; with `cold`, the first request of new processes. */
export async function measurePages(
  databaseUrl: string,
  roundTripMs: number,
  options: { readonly rounds: number; readonly batching: boolean; readonly random: () => number },
): Promise<Map<string, Measured>> {
  const { rounds, batching, random } = options
  await using proxy = await PostgresProxy.start({
    port: Number(new URL(databaseUrl).port),
    roundTripMs,
  })
  const url = proxy.url(databaseUrl)
  await using bare = await QueriesApp.start(url, undefined)
  await using batched = await QueriesApp.start(url, BATCHING)
  const ways = Object.entries(WAYS).filter(([, way]) => batching || !way.batch)
  const request = ({ page, batch }: Way) => (batch ? batched : bare).request(page)

  // Connections are open, code is compiled, routes are learned; and all ways say the same.
  const answers = new Map<string, string>()
  for (const [name, way] of ways) {
    say(`round trip +${roundTripMs} ms: ${name}`)
    for (let n = 0; n < (isLong(way) ? 1 : WARM_REQUESTS); n++) await request(way)
    proxy.reset()
    const { text } = await request(way)
    const same = answers.get(way.page === 'nested' ? 'nested' : 'page') ?? text
    if (text !== same) throw new Error(`${name} gave another page`)
    answers.set(way.page === 'nested' ? 'nested' : 'page', text)
    statements.set(name, proxy.texts.length)
  }
  // Between two turns of a way the loops of others take half a minute, in which its process loses what it
  // had in memory and caches: by hand takes half as long again then. So each is asked once before.
  const arms = Object.fromEntries(
    ways.map(([name, way]) => [
      name,
      async () => {
        if (!isLong(way)) await request(way)
        return (await request(way)).ms
      },
    ]),
  )
  const results = await interleave(arms, rounds, random)
  const measured = ways.map(([name]): [string, Measured] => [
    name,
    { ms: results.map(round => round[name] as number), statements: statements.get(name) ?? 0 },
  ])
  if (batching) measured.push(...(await coldPages(url, rounds)))
  return new Map(measured)
}

/** Takes a second and more: nothing that is warm would show. */
const isLong = ({ page, batch }: Way): boolean =>
  !batch && ['loop', 'dataloader-in-loop', 'nested'].includes(page)

const statements = new Map<string, number>()

/** First requests for the page of processes that have answered others: batched, and by hand. */
async function coldPages(url: string, rounds: number): Promise<[string, Measured][]> {
  const first = async (page: string, config: object | undefined, before: readonly string[]) => {
    await using app = await QueriesApp.start(url, config)
    // Ten connections stand, as for whom it is compared with.
    for (const other of before) await app.request(other)
    // What a process does once after its start is over within a second of its life.
    await app.idle()
    return (await app.request(page)).ms
  }
  const [batched, byHand]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    batched.push(await first('loop', BATCHING, ['parallel', 'hand']))
    byHand.push(await first('hand', undefined, ['parallel']))
  }
  return [
    ['loop, batched, first request', { ms: batched, statements: 0 }],
    ['by hand, first request', { ms: byHand, statements: 0 }],
  ]
}
