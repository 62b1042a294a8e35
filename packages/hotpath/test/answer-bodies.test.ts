import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import fastify from 'fastify'
import { KeptRows } from '../dist/answers/columns.js'
import { gateFastifyInject } from '../dist/gate/fastify-inject.js'
import { startServerSpan } from '../dist/gate/server-span.js'
import { context } from '../dist/trace/context.js'
import type { ActiveTrace } from '../dist/trace/span.js'

const request = (url: string) =>
  ({ method: 'GET', url, httpVersion: '1.1', rawHeaders: [] }) as unknown as IncomingMessage

describe('what is kept for a look into an answer', () => {
  test('is a copy of a buffer that the app may fill again', () => {
    const buffer = Buffer.from('{"a":1}')
    const span = startServerSpan(request('/copied'))
    span.trace.route = '/copied'
    span.body = buffer
    buffer.fill('x')
    assert.equal(span.compared, true)
    assert.equal(Buffer.from(span.body as Uint8Array).toString(), '{"a":1}')
    span.close(200, true)
  })

  test('is compared with nothing where no framework named the route', () => {
    const span = startServerSpan(request('/nobody/knows'))
    span.body = Buffer.from('{"a":1}')
    assert.equal(span.compared, false)
    span.close(404, true)
  })

  test('is let go at the end of an injected request', async () => {
    gateFastifyInject()
    const app = fastify()
    let trace: ActiveTrace | undefined
    app.get('/', () => {
      trace = context.getStore()?.trace
      if (trace !== undefined) trace.rows = new KeptRows()
      return 'done'
    })
    await app.inject('/')
    assert.equal(trace?.ended, true)
    assert.equal(trace?.rows, null)
    await app.close()
  })
})
