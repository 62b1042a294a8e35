import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startServerSpan } from '../dist/gate/server-span.js'
import { caught, contained, counts } from '../dist/trace/counts.js'
import { trustPeers } from '../dist/trace/trust.js'
import { observe } from './observed.js'
import { type Postgres, startPostgres } from './postgres.js'

describe('an exception of ours', () => {
  test('is counted under its place, and does not reach the app', () => {
    const before = counts.errors.get('test.place') ?? 0
    const result = contained('test.place', () => {
      throw new Error('of ours')
    })
    caught('test.place')
    assert.equal(result, undefined)
    assert.equal(counts.errors.get('test.place'), before + 2)
    assert.equal(
      contained('test.place', () => 7),
      7,
    )
  })

  describe('while an app is at work', () => {
    let postgres: Postgres
    before(async () => {
      postgres = await startPostgres()
    })
    after(() => postgres.stop())

    test('costs the span in question, and nothing else', async () => {
      const { spans, errors, code } = await observe(
        'hostile.cjs',
        async app => {
          for (let n = 0; n < 3; n++) {
            assert.equal(await (await fetch(`${app.url}/hello`)).text(), '[{"a":1}]')
          }
        },
        { DATABASE_URL: postgres.url },
      )
      assert.equal(code, 0)
      assert.equal(spans.filter(span => span.kind === 2).length, 3)
      assert.deepEqual(new Set(errors), new Set(['trace.describe']))
    })
  })
})

describe('a peer that is not on loopback', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const spanId = '00f067aa0ba902b7'
  /** The trace of a request from this address. */
  const traceFrom = (remoteAddress: string | undefined, listensOn: unknown = { port: 80 }) => {
    const request = {
      method: 'GET',
      url: '/',
      httpVersion: '1.1',
      rawHeaders: ['Host', 'a', 'TraceParent', `00-${traceId}-${spanId}-01`],
      socket: { remoteAddress, server: { address: () => listensOn } },
    }
    return startServerSpan(request as never).trace
  }

  test('becomes a link, and its flag is ignored', () => {
    for (const address of ['203.0.113.9', '2001:db8::1', '::ffff:203.0.113.9', '10.1.2.3']) {
      const trace = traceFrom(address)
      assert.notEqual(trace.traceId, traceId)
      assert.equal(trace.remoteSampled, false)
      assert.equal(trace.link?.spanId, spanId)
    }
  })

  test('on loopback, in any spelling, or on a Unix socket is believed', () => {
    for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) {
      assert.equal(traceFrom(address).traceId, traceId, address)
    }
    assert.equal(traceFrom(undefined, '/run/app.sock').traceId, traceId)
  })

  test('that reset its connection has no address any more, and is not believed for that', () => {
    for (const listensOn of [{ address: '0.0.0.0', port: 80 }, null, undefined]) {
      assert.notEqual(traceFrom(undefined, listensOn).traceId, traceId)
    }
  })

  test('in a block of `trust` is believed', () => {
    trustPeers(['10.0.0.0/8', 'fd00::/8', '192.168.7.7'])
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', '192.168.7.7']) {
      assert.equal(traceFrom(address).traceId, traceId, address)
    }
    assert.notEqual(traceFrom('192.168.7.8').traceId, traceId)
  })
})
