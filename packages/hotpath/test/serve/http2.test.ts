import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import { request } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ObservedApp } from '../observed.js'
import { certificate } from './certificate.js'

const config = fileURLToPath(new URL('../../test/apps/http2.config.mjs', import.meta.url))

interface Got {
  readonly body: string
  readonly cached: boolean
}

/** Such a server's requests pass all caches by, whichever protocol they come by: answers are the app's own. */
describe('a server of node:http2 that speaks HTTP/1 as well', () => {
  let app: ObservedApp
  before(async () => {
    const { key, cert } = certificate()
    const env = { KEY: String(key), CERT: String(cert), HOTPATH_CONFIG: config }
    app = await ObservedApp.start('http2.mjs', env)
  })
  after(async () => {
    const { errors, spans } = await app.finish()
    assert.deepEqual(errors, [])
    // They are seen all the same, over both.
    const requests = spans.filter(({ kind }) => kind === 2)
    const versions = new Set(
      requests.map(({ attributes }) => attributes['network.protocol.version']),
    )
    assert.deepEqual([...versions].sort(), ['1.1', '2'])
    assert.ok(requests.every(({ attributes }) => attributes['hotpath.aborted'] === undefined))
  })

  const bodyOf = async (stream: AsyncIterable<unknown>): Promise<string> => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return String(Buffer.concat(chunks))
  }
  const options = () => ({
    host: '127.0.0.1',
    port: app.port,
    rejectUnauthorized: false,
    agent: false as const,
  })
  const ways: Record<string, (path: string, method?: string) => Promise<Got>> = {
    async 'HTTP/1'(path, method = 'GET') {
      const asked = request({ ...options(), path, method }).end()
      const [response] = (await once(asked, 'response')) as [IncomingMessage]
      return { body: await bodyOf(response), cached: 'cache-status' in response.headers }
    },
    async 'HTTP/2'(path, method = 'GET') {
      const session = connect(`https://127.0.0.1:${app.port}`, { rejectUnauthorized: false })
      const stream = session.request({ ':path': path, ':method': method })
      stream.end()
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      const body = await bodyOf(stream)
      session.close()
      return { body, cached: 'cache-status' in headers }
    },
  }

  for (const path of ['/menu', '/mounted'])
    for (const [name, ask] of Object.entries(ways))
      test(`${path} over ${name} is never older than a write over either`, async () => {
        for (let n = 0; n < 30; n++) await ask(path)
        for (const write of Object.values(ways)) {
          const before = Number(/\d+/.exec((await ask(path)).body)?.[0])
          await write(path, 'POST')
          const { body, cached } = await ask(path)
          assert.equal(Number(/\d+/.exec(body)?.[0]), before + 1)
          assert.equal(cached, false)
        }
      })
})
