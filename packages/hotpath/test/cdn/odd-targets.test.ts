import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { nginx } from 'hotpath/cdn'
import { type Front, noNginx, startNginx } from './fronts.js'

describe('nginx drops a target as it was asked for, whatever is in it:', {
  skip: noNginx() ?? false,
}, () => {
  let answers = 0
  const app = createServer((_, response) => {
    response.setHeader('X-Accel-Expires', '600')
    response.end(String(++answers))
  })
  let front: Front
  before(async () => {
    await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve))
    front = await startNginx((app.address() as AddressInfo).port)
  })
  after(async () => {
    await front?.stop()
    app.closeAllConnections()
    app.close()
  })

  /** Without a URL in between, which would make another target of it. */
  const read = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(front.url, { path, agent: false }, async response => {
        let body = ''
        for await (const chunk of response) body += String(chunk)
        resolve(body)
      })
      sent.on('error', reject).end()
    })

  for (const path of [
    "/today's-menu?of=it's",
    '/menu?name="<b>"',
    '/dishes/../menu',
    '/dishes/./menu',
    '/dishes/%2e%2e/menu',
    '//menu',
    '/menu|{}^`',
    '/menu?a#b',
  ])
    test(path, async () => {
      const kept = await read(path)
      assert.equal(await read(path), kept)
      const target = front.url.slice('http://'.length) + path
      const purged = await nginx({ url: front.url }).purge([target], AbortSignal.timeout(30_000))
      assert.deepEqual(purged, { ok: true })
      assert.notEqual(await read(path), kept)
    })
})
