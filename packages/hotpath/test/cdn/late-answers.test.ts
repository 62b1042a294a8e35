import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { purged, varnish } from 'hotpath/cdn'
import { currentComputation } from '../../dist/cache/computation.js'
import { processTags } from '../../dist/cache/tags.js'
import { CachedServer, until } from '../serve/cached-server.js'
import { noVarnish, startVarnish } from './fronts.js'

/**
 *     app ──── old answer ───────────────────► front: keeps it
 *          write ──► purge ──► front: has nothing
 *                                              purge again ──► front: drops it
 */
test('an answer that reaches the front after the purge is dropped by the second', {
  skip: noVarnish() ?? false,
}, async () => {
  let written = 'old'
  let url = ''
  const tag = processTags().of('pg:1/5:late')
  await using app = await CachedServer.start(
    (_, response) => {
      currentComputation()?.note(tag, tag.version)
      response.end(written)
    },
    {
      routes: { 'GET /menu': { ttl: '30s', cdn: { ttl: '1h' } } },
      cdn: {
        purge: [
          {
            ...varnish({ url }),
            purge: (items, signal) => varnish({ url }).purge(items, signal),
          },
        ],
      },
    },
  )
  await using way = await Way.to(app.port)
  const front = await startVarnish(way.port)
  url = front.url
  try {
    const read = async (): Promise<string> => (await fetch(`${url}/menu`)).text()
    assert.equal(await purged(), true)
    way.hold()
    const late = read()
    await until(() => way.held > 0, 'the answer to be on its way')
    written = 'new'
    processTags().bump([tag.name])
    assert.equal(await purged(), true)
    way.release()
    assert.equal(await late, 'old')
    await until(async () => (await read()) === 'new', 'the second purge')
  } finally {
    await front.stop()
  }
})

/** The way from an app to the front, on which answers can be held up. */
class Way implements AsyncDisposable {
  /** Bytes that wait. */
  held = 0
  #holds = false
  #waiting: (() => void)[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer(near => {
    const far = connect(this.target, '127.0.0.1')
    near.pipe(far)
    far.on('data', chunk => {
      if (!this.#holds) near.write(chunk)
      else {
        this.held += chunk.length
        this.#waiting.push(() => near.write(chunk))
      }
    })
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
    }
  })

  private constructor(private readonly target: number) {}

  static async to(target: number): Promise<Way> {
    const way = new Way(target)
    await new Promise<void>(resolve => way.#server.listen(0, '127.0.0.1', resolve))
    return way
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  hold(): void {
    this.#holds = true
  }

  release(): void {
    this.#holds = false
    for (const go of this.#waiting.splice(0)) go()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
