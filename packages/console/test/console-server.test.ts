import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import type { StatusAnswer } from '../dist/api/status.js'
import { span, traces } from './intake/requests.js'
import { post, withConsole, withPlace } from './running.js'

const token = 'a-token-of-some-length'

/** A request whose Host header is not what the URL says, which fetch does not allow. */
async function getAs(url: string, host: string, path = '/api/status'): Promise<number> {
  const sent = httpRequest(`${url}${path}`, { headers: { host } }).end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response.statusCode ?? 0
}

describe('the server', () => {
  test('answers on loopback, by its names and by no other (DNS rebinding)', async () => {
    await withPlace(async ({ start }) => {
      const { url } = await start({ hosts: ['console.internal'] })
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
      for (const host of ['127.0.0.1', 'localhost:4318', '[::1]:4318', 'Console.Internal'])
        assert.equal(await getAs(url, host), 200, host)
      for (const host of [
        'evil.example',
        'localhost.evil.example',
        '10.1.2.3',
        'a b',
        '127.0.0.1.evil.example',
      ])
        assert.equal(await getAs(url, host), 403, host)
      assert.equal(await getAs(url, 'evil.example', '/v1/traces'), 403)
    })
  })

  test('allows no other origin to read', async () => {
    await withConsole(async ({ url }) => {
      const headers = { origin: 'http://evil.example' }
      const preflight = await fetch(`${url}/v1/traces`, { method: 'OPTIONS', headers })
      assert.equal(preflight.status, 405)
      const answer = await fetch(`${url}/api/status`, { headers })
      for (const response of [preflight, answer])
        assert.equal(response.headers.get('access-control-allow-origin'), null)
    })
  })

  test('needs a token when other machines can reach it', async () => {
    await withPlace(async ({ start }) => {
      await assert.rejects(start({ host: '0.0.0.0' }), { code: 'TOKEN_NEEDED' })
      const { url } = await start({ host: '0.0.0.0', token })
      const at = url.replace('0.0.0.0', '127.0.0.1')
      const statusWith = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`${at}/api/status`, { headers })).status
      assert.equal(await statusWith({}), 401)
      assert.equal(await statusWith({ authorization: `Bearer ${token}x` }), 401)
      assert.equal(await statusWith({ authorization: `Basic ${token}` }), 401)
      assert.equal(await statusWith({ authorization: `Bearer ${token}` }), 200)
      assert.equal((await post(`${at}/v1/traces`, traces([span()]))).status, 401)
      assert.equal((await fetch(`${at}/healthz`)).status, 200)
    })
  })

  test('says what there is, and refuses the rest in the form of who asks', async () => {
    await withConsole(async ({ url }) => {
      assert.equal(await (await fetch(`${url}/healthz`)).text(), 'ok\n')
      const logs = await post(`${url}/v1/logs`, {})
      assert.deepEqual([logs.status, (logs.json as { code: number }).code], [404, 5])
      const got = await fetch(`${url}/v1/traces`)
      assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST'])
      const unknown = await fetch(`${url}/api/nothing`)
      assert.equal(unknown.status, 404)
      assert.match(await unknown.text(), /"error":\{"code":/)
      assert.equal((await fetch(`${url}/elsewhere`)).status, 404)
      assert.equal((await fetch(`${url}/api/status`, { method: 'DELETE' })).status, 405)
      const head = await fetch(`${url}/api/status`, { method: 'HEAD' })
      assert.deepEqual([head.status, await head.text()], [200, ''])
    })
  })

  test('counts what it takes in and what it does not', async () => {
    await withConsole(async ({ url }) => {
      await post(`${url}/v1/traces`, traces([span(), span({ startTimeUnixNano: '0' })]))
      await post(`${url}/v1/traces`, '{')
      const status = (await (await fetch(`${url}/api/status`)).json()) as StatusAnswer
      assert.equal(status.name, 'hotpath-console')
      assert.equal(status.pid, process.pid)
      const { requests, spans, refusedRequests, refusedSpans } = status.intake
      assert.deepEqual([requests, spans, refusedRequests, refusedSpans], [2, 1, 1, 1])
      assert.deepEqual(status.notes, [
        'Requests refused because they could not be read: 1.',
        'Spans refused because they had no usable time: 1.',
      ])
    })
  })

  test('keeps nothing of an upload that broke off', async () => {
    await withConsole(async ({ url, store }) => {
      const body = JSON.stringify(traces([span()]))
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      await once(socket, 'connect')
      const head = `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
      socket.end(`${head}Content-Length: ${body.length + 1}\r\n\r\n${body}`)
      socket.resume()
      await once(socket, 'close')
      assert.equal((await store.status()).spans, 0)
      assert.equal((await post(`${url}/v1/traces`, body)).status, 200)
    })
  })

  test('answers what it was asked before it closes', async () => {
    await withPlace(async ({ start }) => {
      const running = await start()
      const sent = Array.from({ length: 30 }, (_, i) =>
        post(
          `${running.url}/v1/traces`,
          traces([span({ spanId: (i + 1).toString(16).padStart(16, '0') })]),
        ).then(
          answered => answered.status === 200,
          () => false,
        ),
      )
      await sent[0]
      await Promise.all([running.close(), running.close()])
      const acknowledged = (await Promise.all(sent)).filter(Boolean).length
      const again = await start()
      const { spans } = await again.store.status()
      assert.ok(spans >= acknowledged && acknowledged > 0, `${spans} of ${acknowledged}`)
    })
  })
})

describe('a port in use is one clear error', () => {
  test('that names the other console', async () => {
    await withPlace(async first => {
      const { url } = await first.start()
      const port = Number(new URL(url).port)
      await withPlace(async second => {
        await assert.rejects(second.start({ port }), error => {
          const { message, code } = error as { message: string; code: string }
          assert.equal(code, 'PORT_IN_USE')
          assert.match(
            message,
            new RegExp(`Port ${port} .*another Hotpath console \\(process ${process.pid}, store `),
          )
          return true
        })
      })
    })
  })

  test('and leaves no store behind that was made for nothing', async () => {
    await withPlace(async first => {
      const { url } = await first.start()
      await withPlace(async second => {
        await assert.rejects(second.start({ port: Number(new URL(url).port) }), /Port/)
        assert.deepEqual(readdirSync(second.directory), [])
      })
    })
  })

  test('or says that it is something else, also when that never answers', async () => {
    const others = [
      createServer((_, response) => response.end('hello')),
      createServer(() => undefined),
    ]
    for (const other of others) {
      other.listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as AddressInfo
      await withPlace(async ({ start }) => {
        await assert.rejects(start({ port }), /is used by another program.*--port/)
      })
      other.closeAllConnections()
      other.close()
    }
  })
})
