import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { freePort } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'

/**
 * 40 requests of 4,900 spans: 196,000 spans, each of about 1 kB in memory, of which the recorder may
 * hold 20,000 at a time: it takes 16 MB, and without the bound it was seen to take 41 and more.
 */
const requests = 40
const boundBytes = 30e6

describe('while the console does not take anything', () => {
  test('because nobody listens: the app answers, and its memory stays bounded', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    await answersWithin(await heapWithoutHotpath(), endpoint)
  })

  test('because it accepts and never answers: the same', async () => {
    await using mute = await MuteServer.start(0)
    await answersWithin(await heapWithoutHotpath(), `http://127.0.0.1:${mute.port}`)
    assert.ok(mute.connections > 0, 'the recorder did try')
  })
})

test('when the console comes back, it is told what was dropped meanwhile, and every request', async () => {
  const mute = await MuteServer.start(0)
  const { port } = mute
  await using app = await startApp(`http://127.0.0.1:${port}`)
  await app.load(requests)
  await mute[Symbol.asyncDispose]()
  await using console = await TestConsole.start(port)
  const answer = await until(
    () => console.ask('routes', 'since=1h'),
    ({ routes }) => routes.some(row => row.route === 'GET /many' && row.count === requests),
    `${requests} requests of GET /many`,
    60_000,
  )
  assert.equal(answer.routes.length, 1)
  const { notes } = await until(
    () => console.ask('routes', 'since=1h'),
    ({ notes }) => notes.length > 0,
    'a note on what was dropped',
  )
  assert.match(notes.join('\n'), /spans were dropped/)
})

let bareHeapBytes: number | undefined

async function heapWithoutHotpath(): Promise<number> {
  if (bareHeapBytes === undefined) {
    await using app = await startApp(undefined)
    await app.load(requests)
    bareHeapBytes = await app.heapBytes()
  }
  return bareHeapBytes
}

async function answersWithin(bareBytes: number, endpoint: string): Promise<void> {
  await using app = await startApp(endpoint)
  await app.load(requests)
  const bytes = await app.heapBytes()
  const more = `${(bytes - bareBytes) / 1e6} MB more than without`
  assert.ok(bytes < bareBytes + boundBytes, more)
}

interface App extends AsyncDisposable {
  /** Sends requests of many spans; all must be answered. */
  load(requests: number): Promise<void>
  heapBytes(): Promise<number>
}

/** The app, attached when there is an endpoint. */
async function startApp(endpoint: string | undefined): Promise<App> {
  const attach = endpoint === undefined ? [] : ['--import', register]
  const program = Program.node(
    ['--expose-gc', ...attach, join(fixtures, 'apps', 'spans.cjs')],
    endpoint === undefined
      ? {}
      : { env: { HOTPATH_ENDPOINT: endpoint, HOTPATH_MODE: 'dev', HOTPATH_SERVICE: 'app' } },
  )
  const [, port] = await program.line(/port (\d+)/)
  const url = `http://127.0.0.1:${port}`
  return {
    async load(count) {
      const statuses = await getAll(
        Array.from({ length: count }, () => `${url}/many`),
        4,
      )
      assert.deepEqual(statuses, { 200: count })
    },
    heapBytes: async () => Number(await (await fetch(`${url}/heap`)).text()),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** A server that takes connections and what comes over them, and never says a word. */
class MuteServer implements AsyncDisposable {
  connections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer(socket => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('error', () => {}).resume()
    })
  }

  static async start(port: number): Promise<MuteServer> {
    const mute = new MuteServer()
    await new Promise<void>(resolve => mute.#server.listen(port, '127.0.0.1', resolve))
    return mute
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
