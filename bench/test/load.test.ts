import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { closedLoop } from '../load/closed.js'
import { openLoop } from '../load/open.js'

/** A server that answers nothing for `stallMs` from its `nth` request on, once, and then answers all. */
async function withStall<T>(
  nth: number,
  stallMs: number,
  work: (port: number) => Promise<T>,
): Promise<T> {
  let seen = 0
  let open: Promise<unknown> = Promise.resolve()
  const server = createServer((_, response) => {
    if (++seen === nth) open = new Promise(resolve => setTimeout(resolve, stallMs))
    void open.then(() => response.end('ok'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await work((server.address() as AddressInfo).port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const stallMs = 600
const block = { path: '/', connections: 4 }

test('the open loop counts a stall for every request that was meant to start in it', () =>
  withStall(40, stallMs, async port => {
    const rate = 200
    const { latenciesMs, servedMs } = await openLoop({
      ...block,
      kind: 'open',
      port,
      ms: 1_500,
      ratePerSecond: rate,
      seed: 7,
    })
    assert.ok(latenciesMs.every(ms => ms >= 0))
    // Of those meant to start in the first half of the stall, all waited for half of it or longer.
    const waited = latenciesMs.filter(ms => ms >= stallMs / 2).length
    const meant = (rate * stallMs) / 2_000
    assert.ok(waited > 0.6 * meant, `${waited} of about ${meant}`)
    // A loop that counts from the sending sees as many slow answers as it has connections.
    const seen = servedMs.filter(ms => ms >= stallMs / 2).length
    assert.ok(seen <= 2 * block.connections, `${seen} seen from the sending`)
    assert.ok(waited > 3 * seen, `${waited} waited, ${seen} seen from the sending`)
  }))

test('the closed loop counts the requests that were answered, and refuses an app that fails', async () => {
  await withStall(1, 1, async port => {
    const { requests, elapsedMs } = await closedLoop({ ...block, kind: 'closed', port, ms: 100 })
    assert.ok(requests >= block.connections && elapsedMs >= 100)
  })
  const failing = createServer((_, response) =>
    response.writeHead(500, { 'content-length': 2 }).end('no'),
  )
  failing.listen(0, '127.0.0.1')
  await once(failing, 'listening')
  const { port } = failing.address() as AddressInfo
  await assert.rejects(closedLoop({ ...block, kind: 'closed', port, ms: 50 }), /answered 500/)
  failing.closeAllConnections()
  failing.close()
})
