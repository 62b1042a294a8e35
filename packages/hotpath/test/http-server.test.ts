import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { CollectedSpan } from './collector.js'
import { observe, type ObservedApp } from './observed.js'

/** Sends raw bytes and gives what came back until the app closed. */
async function raw(app: ObservedApp, text: string): Promise<string> {
  const socket = connect(app.port, '127.0.0.1')
  socket.end(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

async function serversOf(use: (app: ObservedApp) => Promise<unknown>): Promise<CollectedSpan[]> {
  const { spans, errors, code, output } = await observe('plain.cjs', async app => {
    await use(app)
  })
  assert.deepEqual(errors, [])
  assert.equal(code, 0, output)
  return spans.filter(span => span.kind === 2)
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

describe('a request is a server span', () => {
  test('with method, guessed route, status and version, and nothing of its query', async () => {
    const [span] = await serversOf(app =>
      fetch(`${app.url}/hello/42/of/ann@example.com?token=secret`),
    )
    assert.equal(span?.name, 'GET /hello/:id/of/:id')
    assert.deepEqual(span?.attributes, {
      'http.request.method': 'GET',
      'http.route': '/hello/:id/of/:id',
      'hotpath.route.guessed': true,
      'http.response.body.size': 5,
      'http.response.status_code': 200,
      'network.protocol.version': '1.1',
      'hotpath.sampled.reason': 'new',
    })
    assert.equal(span?.parentId, undefined)
    assert.ok(span !== undefined && span.endNs > span.startNs)
  })

  test('that failed has error.type; what nobody found has no route', async () => {
    const [failed, missing] = await serversOf(async app => {
      await fetch(`${app.url}/fails`)
      await fetch(`${app.url}/missing?wp-login`)
    })
    assert.equal(failed?.status, 2)
    assert.equal(failed?.attributes['error.type'], '503')
    assert.equal(missing?.status, 0)
    assert.equal(missing?.name, 'GET')
    assert.equal(missing?.attributes['http.route'], undefined)
  })

  test('that the client gave up is aborted, also in the middle of a stream', async () => {
    const spans = await serversOf(async app => {
      for (const path of ['/never', '/stream']) {
        const request = http.get(`${app.url}${path}`)
        request.on('error', () => {})
        await once(request, path === '/stream' ? 'response' : 'finish')
        request.destroy()
      }
      await app.collector.until(collector => collector.servers().length === 2)
    })
    assert.deepEqual(spans.map(span => [span.name, span.attributes['hotpath.aborted']]).sort(), [
      ['GET /never', true],
      ['GET /stream', true],
    ])
  })

  test('with any method: a word that is none is _OTHER', async () => {
    const names = (
      await serversOf(async app => {
        await fetch(`${app.url}/hello`, { method: 'DELETE' })
        await raw(app, 'PROPFIND /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        await raw(app, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      })
    ).map(span => span.name)
    assert.deepEqual(names, ['DELETE /hello', '_OTHER /hello', 'OPTIONS *'])
  })

  test('when the app removes all listeners of the response', async () => {
    assert.equal((await serversOf(app => fetch(`${app.url}/removes`))).length, 1)
  })

  test('when requests are pipelined, and with Expect: 100-continue', async () => {
    const spans = await serversOf(async app => {
      const get = 'GET /hello HTTP/1.1\r\nHost: a\r\n'
      const answers = await raw(app, `${get}\r\n${get}\r\n${get}Connection: close\r\n\r\n`)
      assert.equal(answers.match(/hello/g)?.length, 3)
      const echoed = await raw(
        app,
        'POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
      )
      assert.match(echoed, /100 Continue[^]*hi/)
    })
    assert.equal(spans.length, 4)
  })

  test('that the app answers by what it expects', async () => {
    const { spans, errors } = await observe('expectations.cjs', async app => {
      const expecting = (what: string) =>
        raw(
          app,
          `POST /hello HTTP/1.1\r\nHost: a\r\nExpect: ${what}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
        )
      assert.match(await expecting('100-continue'), /100 Continue[^]*continued/)
      assert.match(await expecting('more'), /417[^]*refused/)
    })
    assert.deepEqual(errors, [])
    assert.deepEqual(
      spans.map(span => [span.kind, span.attributes['http.response.status_code']]),
      [
        [2, 200],
        [2, 417],
      ],
    )
  })

  test('but an upgrade is none, and works', async () => {
    const spans = await serversOf(async app => {
      const answer = await raw(
        app,
        'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      )
      assert.match(answer, /upgraded/)
      await fetch(`${app.url}/hello`)
    })
    assert.equal(spans.length, 1)
  })
})

describe('traceparent', () => {
  const headers = (flags: string) => ({ traceparent: `00-${TRACE}-${PARENT}-${flags}` })

  test('of a peer on loopback continues its trace', async () => {
    const [span] = await serversOf(app => fetch(`${app.url}/hello`, { headers: headers('00') }))
    assert.equal(span?.traceId, TRACE)
    assert.equal(span?.parentId, PARENT)
  })

  test('that was sampled keeps our part', async () => {
    const spans = await serversOf(async app => {
      for (let n = 0; n < 40; n++)
        await (await fetch(`${app.url}/hello`, { headers: headers('01') })).text()
    })
    assert.equal(spans.length, 40)
    assert.ok(spans.some(span => span.attributes['hotpath.sampled.reason'] === 'upstream'))
  })

  test('beside hotpath-traceparent: ours goes before', async () => {
    const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const [span] = await serversOf(app =>
      fetch(`${app.url}/hello`, { headers: { ...headers('01'), 'hotpath-traceparent': own } }),
    )
    assert.equal(span?.traceId, 'a'.repeat(32))
    assert.equal(span?.parentId, 'b'.repeat(16))
  })

  for (const malformed of [
    '',
    'x',
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-x`,
  ]) {
    test(`that is malformed is ignored: ${JSON.stringify(malformed)}`, async () => {
      const [span] = await serversOf(app =>
        fetch(`${app.url}/hello`, { headers: { traceparent: malformed } }),
      )
      assert.notEqual(span?.traceId, TRACE)
      assert.equal(span?.parentId, undefined)
    })
  }
})
