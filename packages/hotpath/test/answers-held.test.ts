import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from './cache/servers.js'
import { observe } from './observed.js'

const APP = 'answers-held.cjs'

describe('of answers', () => {
  test('those to clients that have left are not held, though sockets of their requests live on', async () => {
    await observe(
      APP,
      async app => {
        const ask = async (path: string): Promise<unknown> =>
          (await fetch(`${app.url}${path}`)).json()
        for (let n = 0; n < 40; n++) await assert.rejects(ask('/left'))
        // What was under way is let go of a moment later.
        await until(async () => {
          const { gone, megabytes } = (await ask('/held')) as { gone: number; megabytes: number }
          return gone === 40 && megabytes < 12
        }, '36 MB of answers to be let go')
      },
      {},
      ['--expose-gc'],
    )
  })

  test('the bytes are copied at once, and not one by one', async () => {
    const { errors } = await observe(APP, async app => {
      for (let n = 0; n < 3; n++) await (await fetch(`${app.url}/counted`)).arrayBuffer()
      const { taken } = (await (await fetch(`${app.url}/steps`)).json()) as { taken: number }
      assert.ok(taken < 10_000, `${taken} steps through three answers of 100,000 bytes`)
    })
    assert.deepEqual(errors, [])
  })

  test('those of a mounted router belong to the whole address', async () => {
    // Every trace is kept: on a fast machine more come in a second than are.
    const { spans, errors } = await observe(
      APP,
      async app => {
        for (let n = 0; n < 12; n++) await (await fetch(`${app.url}/tenants/${n}/items`)).text()
      },
      { HOTPATH_MODE: 'check' },
    )
    const told = spans.filter(({ name }) => name === 'GET /tenants/:id/items')
    assert.equal(told.length, 12)
    assert.ok(told.every(({ attributes }) => (attributes['hotpath.repeats.same'] ?? 0) === 0))
    assert.deepEqual(errors, [])
  })
})
