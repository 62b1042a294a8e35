import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import { freePort } from '../pool/server.js'
import { until } from '../serve/cached-server.js'
import { finish, type Got, Instance } from '../serve/instances.js'

const keysOf = ({ headers }: Got): string[] => String(headers['surrogate-key']).split(' ')

describe('two instances with one store, behind a CDN', { skip: missingRedis() }, () => {
  /** What the CDN was told to drop. */
  const purged = new Set<string>()
  let cdn: HttpServer
  let redis: Server
  let a: Instance
  let b: Instance
  before(async () => {
    redis = await startRedis()
    cdn = createServer((request, response) => {
      for (const key of String(request.headers['xkey-purge']).split(' ')) purged.add(key)
      response.end()
    })
    await once(cdn.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(cdn.address() as AddressInfo).port}`
    const port = await freePort()
    a = await Instance.start('a', '127.0.0.1', port, redis.port, url)
    b = await Instance.start('b', '127.0.0.2', port, redis.port, url)
  })
  after(async () => {
    await finish(a, b)
    cdn?.closeAllConnections()
    cdn?.close()
    await redis?.stop()
  })

  /** Of a page that `a` has made and `b` took from the store: as it is, then compressed by `b`. */
  const taken = async (path: string): Promise<{ plain: Got; compressed: Got }> => {
    await a.serves(path, 'by a')
    await b.serves(path, 'by a')
    const plain = await b.get(path)
    let compressed = plain
    await until(async () => {
      compressed = await b.get(path, { 'accept-encoding': 'br' })
      return compressed.headers['content-encoding'] === 'br'
    }, 'the compressed form')
    return { plain, compressed }
  }

  test('each form of an answer from the store says how long, and by which keys it goes', async () => {
    const { plain, compressed } = await taken('/page?marked')
    assert.deepEqual(brotliDecompressSync(compressed.bytes), plain.bytes)
    for (const { headers } of [plain, compressed]) {
      assert.equal(headers['cdn-cache-control'], 'max-age=3600')
      assert.equal(headers['vary'], 'Accept-Encoding')
    }
    const made = await a.get('/page?marked')
    assert.deepEqual(keysOf(plain), keysOf(made))
    assert.deepEqual(keysOf(compressed), keysOf(made))
    // Other bytes: a cache must not take the strong tag of one for the other.
    assert.equal(compressed.headers.etag, `W/${plain.headers.etag}`)
    // A condition is answered with the marks of the form that it is about.
    const accepting = { 'accept-encoding': 'br', 'if-none-match': String(compressed.headers.etag) }
    const same = await b.get('/page?marked', accepting)
    assert.equal(same.status, 304)
    assert.equal(same.headers['cdn-cache-control'], 'max-age=3600')
  })

  const writes: Record<string, (path: string) => Promise<unknown>> = {
    'an unsafe request to the instance that has not made it': path => b.get(path, {}, 'POST'),
    'a tag that one drops': () => a.get('/drop?tag=page'),
  }
  for (const [what, write] of Object.entries(writes))
    test(`purges what the other has given to the CDN: ${what}`, async () => {
      const path = `/page?${what.length}`
      const { compressed } = await taken(path)
      purged.clear()
      await write(path)
      await until(() => keysOf(compressed).some(key => purged.has(key)), 'the purge')
    })
})
