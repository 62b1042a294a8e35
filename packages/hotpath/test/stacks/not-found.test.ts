import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import { observe, type ObservedApp } from '../observed.js'
import { assertNoSecrets } from './drive.js'

const FRAMEWORKS = ['express', 'fastify', 'hono', 'koa', 'bare']
const TARGETS = [
  '/planted',
  '/planted/planted@shop.example?planted=planted',
  '/%70lanted/planted%',
  '/%',
  '/planted/%',
  '//planted//planted',
  'http://planted:planted@shop.example/planted?planted',
  '/files/planted/planted.txt?token=planted',
]
const HEADERS = {
  authorization: 'Basic planted',
  cookie: 'session=planted',
  host: 'planted.example',
  baggage: 'user=planted',
  tracestate: 'vendor=planted',
  'user-agent': 'planted',
  'x-forwarded-for': 'planted',
  'content-type': 'text/planted',
}

describe('what clients ask for', () => {
  test('leaves as a route that is written in the code, or not at all', async () => {
    let app: ObservedApp | undefined
    let asked = 0
    const ask = async (port: number, framework: string, path: string, method: string) => {
      const headers = { ...HEADERS, 'x-framework': framework }
      // Who does not read a body closes the connection.
      const call = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
      const [answer] = (await once(call.end('planted'), 'response')) as [IncomingMessage]
      await once(answer.resume(), 'end')
      asked++
    }
    const seen = await observe(
      'stacks/not-found.cjs',
      async started => {
        app = started
        for (const framework of FRAMEWORKS)
          for (const path of TARGETS)
            for (const method of ['GET', 'POST']) await ask(started.port, framework, path, method)
      },
      { HOTPATH_MODE: 'check', STACKS: join(installed('stacks'), 'package.json') },
    )
    assert.deepEqual(seen.errors, [])
    assert.ok(app)
    assertNoSecrets(app, seen)
    const servers = seen.spans.filter(({ kind }) => kind === 2)
    assert.equal(servers.length, asked)
    const routes = new Set(servers.map(({ attributes }) => attributes['http.route']))
    assert.deepEqual(routes, new Set([undefined, '/files/*', '/files/*rest']))
  })
})
