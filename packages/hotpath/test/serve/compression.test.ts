import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { describe, test } from 'node:test'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import * as zlib from 'node:zlib'
import { codingFor } from '../../dist/serve/encoding.js'
import { CachedServer, type Handler, until } from './cached-server.js'

const text = JSON.stringify({ menu: Array.from({ length: 200 }, (_, n) => `coffee ${n}`) })
const hasZstd = 'zstdDecompressSync' in zlib

/** A menu that the app sends as it is. */
const menu =
  (fields: Record<string, string> = {}, body: string | Buffer = text): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...fields }).end(body)
  }

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The bytes as they came, without a client that decodes them. */
function get(
  server: CachedServer,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: server.port, host: '127.0.0.1', path: '/menu', method, headers })
    asked.on('error', reject)
    asked.on('response', async response => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const { statusCode: status = 0, headers } = response
      resolve({ status, headers, body: Buffer.concat(chunks) })
    })
    asked.end()
  })
}

/** Asks until it is compressed: the first who asks gets the answer as it is. */
async function compressed(server: CachedServer, accepted: string): Promise<Got> {
  await until(
    async () => 'content-encoding' in (await get(server, { 'accept-encoding': accepted })).headers,
    'the compressed form',
  )
  return get(server, { 'accept-encoding': accepted })
}

const start = (handler: Handler, more = {}) =>
  CachedServer.start(handler, { routes: { 'GET /menu': { ttl: '10m', ...more } } })

const decoders: Record<string, (bytes: Buffer) => Buffer> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  ...(hasZstd
    ? { zstd: (zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer }).zstdDecompressSync }
    : {}),
} as Record<string, (bytes: Buffer) => Buffer>

describe('a kept answer that the app did not compress', () => {
  for (const [coding, decode] of Object.entries(decoders))
    for (const fast of [true, false])
      test(`is given as ${coding} to who accepts it, byte by byte the same, ${fast ? 'prepared' : 'the public way'}`, async () => {
        await using server = await CachedServer.start(menu(), {
          routes: { 'GET /menu': { ttl: '10m' } },
          fast,
        })
        const own = await get(server)
        const hit = await compressed(server, coding)
        assert.equal(hit.headers['content-encoding'], coding)
        assert.equal(hit.headers['content-length'], String(hit.body.length))
        assert.ok(hit.body.length < own.body.length / 2)
        assert.deepEqual(decode(hit.body), own.body)
        assert.equal(hit.headers['vary'], 'Accept-Encoding')
        assert.match(hit.headers['cache-status'] as string, /hit/)
        // Made once: the bytes of all hits are equal.
        assert.deepEqual((await get(server, { 'accept-encoding': coding })).body, hit.body)
        assert.equal(server.runs, 1)
      })

  test('is given as it is to who does not accept that, with Vary', async () => {
    await using server = await start(menu())
    await get(server)
    await compressed(server, 'gzip')
    for (const headers of [
      {},
      { 'accept-encoding': 'identity' },
      { 'accept-encoding': 'br;q=0' },
    ]) {
      const hit = await get(server, headers)
      assert.equal(String(hit.body), text)
      assert.equal(hit.headers['content-encoding'], undefined)
      assert.equal(hit.headers['vary'], 'Accept-Encoding')
    }
  })

  test('has a weak ETag in its compressed form, which is known again in each form', async () => {
    await using server = await start(menu({ etag: '"v1"' }))
    await get(server)
    const { headers } = await compressed(server, 'gzip')
    assert.equal(headers.etag, 'W/"v1"')
    assert.equal((await get(server)).headers.etag, '"v1"')
    for (const tag of ['W/"v1"', '"v1"'])
      for (const accepted of ['gzip', 'identity']) {
        const same = await get(server, { 'accept-encoding': accepted, 'if-none-match': tag })
        assert.equal(same.status, 304)
        assert.equal(same.body.length, 0)
        assert.equal(same.headers['content-encoding'], undefined)
        assert.equal(same.headers['vary'], 'Accept-Encoding')
      }
  })

  test('is answered to HEAD with the length of the form that GET would have', async () => {
    await using server = await start(menu())
    await get(server)
    const { headers } = await compressed(server, 'gzip')
    const head = await get(server, { 'accept-encoding': 'gzip' }, 'HEAD')
    assert.equal(head.headers['content-length'], headers['content-length'])
    assert.equal(head.headers['content-encoding'], 'gzip')
    assert.equal(head.body.length, 0)
  })

  test('is made anew after it was dropped: never the old bytes', async () => {
    let price = 3
    const long = () => JSON.stringify({ price, text })
    await using server = await start((request, response) => {
      if (request.method === 'POST') price++
      response.writeHead(200, { 'content-type': 'text/plain' }).end(long())
    })
    await get(server)
    await compressed(server, 'gzip')
    await get(server, {}, 'POST')
    await get(server)
    const { body } = await compressed(server, 'gzip')
    assert.equal(String(gunzipSync(body)), long())
  })
})

describe('an answer stays as it is', () => {
  const png = { 'content-type': 'image/png' }
  const noise = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7919 * (n % 251)) & 255))
  const cases: readonly (readonly [string, Handler, object?])[] = [
    ['with no-transform', menu({ 'cache-control': 'max-age=60, no-transform' })],
    ['when it is short', menu({}, '{"a":1}')],
    ['when it is no text', menu(png, noise)],
    ['with a digest of its bytes', menu({ 'content-digest': 'sha-256=:AAAA:' })],
    ['when the policy says so', menu(), { compress: false }],
    ['when the app has compressed it', menu({ 'content-encoding': 'gzip' }, gzipSync(text))],
  ]
  for (const [title, handler, more] of cases)
    test(title, async () => {
      await using server = await start(handler, more)
      const headers = { 'accept-encoding': 'br, gzip' }
      const own = await get(server, headers)
      for (let n = 0; n < 10; n++) {
        const hit = await get(server, headers)
        assert.match(hit.headers['cache-status'] as string, /hit/)
        assert.deepEqual(hit.body, own.body)
        assert.equal(hit.headers['content-encoding'], own.headers['content-encoding'])
      }
    })
})

describe('of the codings that we make a client gets', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['', undefined],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['gzip;q=0.001', 'gzip'],
    ['gzip;q=0', undefined],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['br;q=0, *;q=0.1', hasZstd ? 'zstd' : 'gzip'],
    ['identity', undefined],
    ['identity;q=0.5, gzip;q=0.4', undefined],
    ['identity;q=0.5, gzip;q=0.6', 'gzip'],
    ['deflate, compress', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=nonsense', undefined],
    ['gzip; q=0.5 , br ; q=0.4', 'gzip'],
    [', ,gzip,', 'gzip'],
  ]
  for (const [accepted, coding] of cases)
    test(`${coding ?? 'the answer as it is'} for "${accepted}"`, () => {
      assert.equal(codingFor(accepted), coding)
    })
})
