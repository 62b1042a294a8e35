import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect as dial, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { SessionBounds, type SessionTimes } from '../../dist/serve/session-bounds.js'
import { until } from './cached-server.js'
import { SLOW_HEAD } from './slow-head.js'

/** Time that passes when the test says so. */
class Timers {
  nowMs = 0
  #timers: { atMs: number; run: () => void }[] = []

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.nowMs + ms, run }
    this.#timers.push(timer)
    return () => void (this.#timers = this.#timers.filter(one => one !== timer))
  }

  get waiting(): number {
    return this.#timers.length
  }

  pass(ms: number): void {
    this.nowMs += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.nowMs)
    this.#timers = this.#timers.filter(one => !due.includes(one))
    for (const { run } of due) run()
  }
}

/** A server of node:http2 that answers when it is told to, bounded. */
class Bounded implements AsyncDisposable {
  readonly timers = new Timers()
  readonly sessions: ServerHttp2Session[] = []
  readonly streams = new Map<string, ServerHttp2Stream>()
  /** Paths of requests that ended early, as the app hears it. */
  readonly aborted: string[] = []
  readonly #clients: { destroy(): unknown }[] = []
  #answers: (() => void)[] = []

  private constructor(readonly server: Http2Server) {}

  static async start(times: Partial<SessionTimes>): Promise<Bounded> {
    const server = createServer()
    const made = new Bounded(server)
    const none = { headersMs: undefined, requestMs: undefined, keepAliveMs: undefined }
    const bounds = new SessionBounds({ ...none, ...times }, made.timers.after)
    server.on('session', session => {
      made.sessions.push(session)
      bounds.watch(session)
    })
    server.on('request', (request, response) => {
      made.streams.set(request.url, response.stream)
      request.on('aborted', () => void made.aborted.push(request.url)).resume()
      made.#answers.push(() => response.end('served'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return made
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  client(): ClientHttp2Session {
    const session = connect(`http://127.0.0.1:${this.port}`)
    this.#clients.push(session)
    return session
  }

  dial(): Socket {
    const socket = dial(this.port, '127.0.0.1')
    this.#clients.push(socket)
    return socket.resume()
  }

  async asked(n: number): Promise<void> {
    await until(() => this.#answers.length === n, `${n} in the handler`)
  }

  answer(): void {
    for (const answer of this.#answers.splice(0)) answer()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy()
    await new Promise(resolve => this.server.close(resolve))
    assert.equal(this.timers.waiting, 0, 'timers that were left')
  }
}

const get = (session: ClientHttp2Session): ClientHttp2Stream =>
  session.request({ ':path': '/menu' }).resume()

describe('slow clients of HTTP/2', () => {
  test('that never send a whole head are cut off', async () => {
    await using server = await Bounded.start({ headersMs: 100 })
    const silent = server.dial()
    const slow = server.dial()
    slow.write(SLOW_HEAD)
    await until(() => server.sessions.length === 2, 'both to be connected')
    server.timers.pass(99)
    assert.deepEqual(
      server.sessions.map(({ destroyed }) => destroyed),
      [false, false],
    )
    server.timers.pass(1)
    assert.deepEqual(
      server.sessions.map(({ destroyed }) => destroyed),
      [true, true],
    )
    await until(() => silent.destroyed && slow.destroyed, 'both to be cut off')
  })

  test('that ask for nothing more are told so and cut off, and not while they are answered', async () => {
    await using server = await Bounded.start({ headersMs: 100, keepAliveMs: 50 })
    const client = server.client()
    const first = get(client)
    await server.asked(1)
    server.timers.pass(1_000)
    assert.equal(server.sessions[0]?.destroyed, false, 'a request is under way')
    server.answer()
    await once(first, 'close')
    await until(() => server.timers.waiting === 1, 'the time between requests to run')
    server.timers.pass(49)
    const second = get(client)
    await server.asked(1)
    server.timers.pass(1_000)
    assert.equal(server.sessions[0]?.destroyed, false, 'another came in time')
    server.answer()
    await once(second, 'close')
    await until(() => server.timers.waiting === 1, 'the time between requests to run')
    const told: number[] = []
    client.once('goaway', (code, last) => void told.push(code, last))
    server.timers.pass(50)
    await until(() => client.destroyed, 'the connection to end')
    assert.deepEqual(told, [constants.NGHTTP2_NO_ERROR, 3])
  })

  test('whose body does not end have their request given up, and the connection goes on', async () => {
    await using server = await Bounded.start({ requestMs: 100 })
    const client = server.client()
    const slow = client.request({ ':method': 'POST', ':path': '/slow' }).resume()
    slow.write('x')
    const quick = client.request({ ':method': 'POST', ':path': '/quick' }).resume()
    quick.end('x')
    const bodiless = get(client)
    await server.asked(3)
    await until(() => server.timers.waiting === 2, 'both bodies')
    // That of the quick one has arrived: its answer may take longer.
    await until(() => server.streams.get('/quick')?.state.remoteClose === 1, 'its body')
    server.timers.pass(100)
    await until(() => slow.destroyed, 'the slow request to be given up')
    assert.equal(slow.rstCode, constants.NGHTTP2_CANCEL)
    await until(() => server.aborted.length > 0, 'the app to hear of it')
    assert.deepEqual(server.aborted, ['/slow'])
    server.answer()
    for (const stream of [quick, bodiless]) {
      await until(() => stream.destroyed, 'its answer')
      assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR)
    }
  })

  test('have all the time in the world where the config says nothing', async () => {
    await using server = await Bounded.start({})
    const client = server.client()
    const asked = get(client)
    await server.asked(1)
    server.answer()
    await once(asked, 'close')
    assert.equal(server.timers.waiting, 0)
    assert.equal(server.sessions[0]?.listenerCount('stream'), 1, "Node's own alone")
  })
})
