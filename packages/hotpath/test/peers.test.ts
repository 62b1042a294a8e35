import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CollectedSpan } from './collector.js'
import { observe, type ObservedApp } from './observed.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`

async function serversOf(
  use: (app: ObservedApp, socketPath: string) => Promise<unknown>,
): Promise<CollectedSpan[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hotpath-peers-'))
  const path = join(folder, 'app.sock')
  try {
    const { spans, errors } = await observe('peers.cjs', async app => void (await use(app, path)), {
      SOCKET_PATH: path,
    })
    assert.deepEqual(errors, [])
    return spans.filter(span => span.kind === 2)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('who comes by a Unix socket is believed', async () => {
  const [span] = await serversOf(async (_, socketPath) => {
    const request = http.get({ socketPath, path: '/', headers: { traceparent }, agent: false })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await once(response.resume(), 'end')
  })
  assert.equal(span?.traceId, TRACE)
})

const outside = Object.values(networkInterfaces())
  .flatMap(list => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

test('who resets the connection is not taken for one', {
  skip: outside === undefined && 'the machine has no address but loopback',
}, async () => {
  const spans = await serversOf(async app => {
    const socket = connect(app.port, outside)
    await once(socket, 'connect')
    const head = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
    const sent = head('/busy') + head('/second', `traceparent: ${traceparent}\r\n`)
    socket.write(sent)
    // `100 Continue`: the app has read both, and is busy with the first.
    await once(socket, 'data')
    socket.resetAndDestroy()
    await app.collector.until(collector => collector.servers().length === 2)
  })
  const second = spans.find(span => span.name === 'GET /second')
  assert.notEqual(second?.traceId, TRACE)
})
