import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '@hotpath/test/places'
import type * as columnsModule from '../../packages/hotpath/dist/answers/columns.js'
import type * as lookModule from '../../packages/hotpath/dist/answers/look.js'
import type * as repeatsModule from '../../packages/hotpath/dist/answers/repeats.js'
import type * as returnedModule from '../../packages/hotpath/dist/gate/pg-returned.js'
import type * as templateModule from '../../packages/hotpath/dist/sql/template.js'
import type * as routesModule from '../../packages/hotpath/dist/trace/routes.js'
import { interleave } from '../measure/interleave.js'

/** Nanoseconds of one, round by round. */
export interface Looks {
  /** The loop alone, twice: A/A. */
  readonly loop: readonly number[]
  readonly loopAgain: readonly number[]
  /** The end of a statement: its bytes, its columns, whether it wrote. */
  readonly returned: readonly number[]
  /** The end of an answer whose turn it is not: with all others of a busy route, and by its address. */
  readonly passed: readonly number[]
  readonly unfollowed: readonly number[]
  /** An answer that is compared, of 1 kB and of 100 kB. */
  readonly compared: readonly number[]
  readonly comparedLarge: readonly number[]
  /** Rows of 8 columns, two of them sent, that are looked for in an answer of 10 kB. */
  readonly judged: readonly number[]
}

const of = <Module>(path: string): Promise<Module> =>
  import(pathToFileURL(join(root, 'packages', 'hotpath', 'dist', path)).href) as Promise<Module>

const url = '/shops/4711/products?after=1234&limit=20'

/** What the recorder adds for the detectors of answers and results, part by part. */
export async function measureLooks(
  rounds: number,
  calls: number,
  random: () => number,
): Promise<Looks> {
  const { Repeats } = await of<typeof repeatsModule>('answers/repeats.js')
  const { repeatsOf } = await of<typeof lookModule>('answers/look.js')
  const { judgeRows, KeptRows } = await of<typeof columnsModule>('answers/columns.js')
  const { noteReturned } = await of<typeof returnedModule>('gate/pg-returned.js')
  const { templateOf } = await of<typeof templateModule>('sql/template.js')
  const { routeStats } = await of<typeof routesModule>('trace/routes.js')

  const template = templateOf('select * from products where id > $1 order by id limit $2')
  const stats = routeStats('GET', '/shops/:id/products')
  const few = new Repeats()
  for (let n = 0; n < 10_000; n++) few.compare(answer(`/shops/${n}`, 1_000), [template], n)
  const spans = { statement: { template }, trace: { rows: null }, bytes: 0, columns: 0 }
  const results = { fields: Array.from({ length: 8 }), rows: [] }
  await using socket = await socketPair()
  const connection = { stream: socket.one }
  const kept = new KeptRows()
  kept.add(template, { fields: results.fields, rows: [row(1), row(2)] })
  const json = JSON.stringify(Array.from({ length: 200 }, (_, n) => ({ id: n, name: row(n).name })))
  let atMs = 0
  const arms = {
    loop: perCall(calls, () => {}),
    loopAgain: perCall(calls, () => {}),
    returned: perCall(calls, () => noteReturned(spans as never, results, connection)),
    passed: perCall(calls, () => repeatsOf(stats).takesTurn(url, 0)),
    unfollowed: perCall(calls, n => few.takesTurn(url, (atMs += 20 + n))),
    compared: perCall(calls / 100, () => repeatsOf(stats).compare(small, [template], 1)),
    comparedLarge: perCall(calls / 1_000, () => repeatsOf(stats).compare(large, [template], 1)),
    judged: perCall(calls / 1_000, () => judgeRows(stats, kept, json, () => false)),
  }
  repeatsOf(stats).takesTurn(url, 1)
  await interleave(arms, 2, random)
  const figures = await interleave(arms, rounds, random)
  return Object.fromEntries(
    Object.keys(arms).map(name => [name, figures.map(round => round[name as keyof Looks])]),
  ) as unknown as Looks
}

const head =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nETag: W/"1"\r\n\r\n'

const answer = (address: string, bytes: number) => ({
  method: 'GET',
  url: address,
  version: '1.1',
  requestFields: ['Host', 'shop.example', 'Accept', '*/*', 'User-Agent', 'bench'],
  statusCode: 200,
  head,
  body: JSON.stringify('x'.repeat(bytes)),
})
const small = answer(url, 1_000)
const large = answer(url, 100_000)

const row = (n: number): Record<string, unknown> => ({
  id: n,
  name: `Product ${n}`,
  ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`extra_${i}`, `text ${n} of ${i}`])),
})

function perCall(calls: number, run: (n: number) => unknown): () => Promise<number> {
  return async () => {
    const beganAt = performance.now()
    for (let i = 0; i < calls; i++) run(i)
    return ((performance.now() - beganAt) * 1e6) / calls
  }
}

/** A socket as a client of a database has it: to ask how much it has read costs more than a field. */
async function socketPair(): Promise<AsyncDisposable & { readonly one: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const one = connect(port, '127.0.0.1')
  const [other] = (await once(server, 'connection')) as [Socket]
  return {
    one,
    async [Symbol.asyncDispose]() {
      one.destroy()
      other.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
