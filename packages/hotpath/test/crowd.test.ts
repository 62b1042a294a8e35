import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { observe, type Observation, type ObservedApp } from './observed.js'

const METRIC = 'http.server.request.duration'

async function get(app: ObservedApp, path: string): Promise<string> {
  return (await fetch(app.url + path)).text()
}

/** What comes after the crowd is seen as before. */
function helloIsSeen({ spans, counted, errors }: Observation): void {
  assert.equal(counted(METRIC, { 'http.route': '/hello' }), 1)
  const hello = spans.find(span => span.name === 'GET /hello')
  const below = spans.find(span => span.name === 'below')
  assert.ok(hello !== undefined && below?.parentId === hello.spanId)
  assert.deepEqual(errors, [])
}

describe('the recorder sees on', () => {
  test('after 1,500 names of work outside of requests: routes have their own room', async () => {
    const seen = await observe('crowd.cjs', async app => {
      await get(app, '/names/1500')
      await get(app, '/hello')
    })
    helloIsSeen(seen)
  })

  test('after 60,000 spans that nobody ended, with two below each: the oldest make room', async () => {
    const seen = await observe('crowd.cjs', async app => {
      await get(app, '/forgets/60000')
      await get(app, '/hello')
    })
    helloIsSeen(seen)
    assert.equal(seen.dropped('spans', 'open'), 20_002)
  })

  test('after requests that left more work behind than a trace may hold', async () => {
    const seen = await observe('crowd.cjs', async app => {
      await get(app, '/leaves/6000')
      await app.collector.until(collector => collector.spans.some(span => span.name === 'left'))
      await get(app, '/hello')
    })
    helloIsSeen(seen)
    const of = (name: string) => seen.spans.filter(span => span.name === name).length
    // Where making so many takes 20 ms at a stretch, that is a span as well, and has one of the places.
    const blocked = seen.blocks.filter(({ traceId }) =>
      seen.spans.some(other => other.name === 'left' && other.traceId === traceId),
    ).length
    assert.deepEqual([of('left') + blocked, of('later')], [4999, 0])
    assert.equal(seen.dropped('spans', 'trace'), 1001 + blocked + 6000)
  })

  test('and what ended is let go, though a timer of each request lives on', async () => {
    await observe(
      'crowd.cjs',
      async app => {
        await get(app, '/timers/200')
        const before = Number(await get(app, '/heap'))
        for (let n = 0; n < 12; n++) {
          await get(app, '/timers/1000')
          await app.collector.until(
            ({ spans }) => spans.filter(({ name }) => name === 'GET /timers/:spans').length > n,
          )
        }
        const more = Number(await get(app, '/heap')) - before
        // 12,000 spans of about 1.3 kB each would be 16 MB.
        assert.ok(more < 8e6, `${(more / 1e6).toFixed(1)} MB more`)
      },
      {},
      ['--expose-gc'],
    )
  })
})
