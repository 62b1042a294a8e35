import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ObservedApp } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from './mariadb.js'

const APP = 'pool-mysql2/app.cjs'
const POOL = 'db.client.connection.pool.name'

const ask = async (app: ObservedApp, path: string): Promise<unknown> =>
  (await fetch(`${app.url}${path}`)).json()

const missing = missingMariaDb()

describe('of a pool of mysql2', { skip: missing ?? false }, () => {
  let mariadb: MariaDb
  before(async () => {
    mariadb = await startMariaDb()
  })
  after(() => mariadb.stop())

  test('waits and use are measured, however the pool is asked', async () => {
    const app = await ObservedApp.start(APP, { DATABASE_URL: mariadb.url })
    for (const path of ['/callback', '/promise', '/pool'])
      assert.deepEqual(await ask(app, path), [{ n: 1 }])
    // Eight at once over two connections: six wait, and go on when one comes back.
    await Promise.all(Array.from({ length: 8 }, () => ask(app, '/crowd')))
    await app.collector.until(({ points }) =>
      points.some(({ metric }) => metric === 'hotpath.pool.server_max'),
    )
    const { errors, spans } = await app.finish()
    const name = { [POOL]: `127.0.0.1:${mariadb.port}/app` }
    assert.equal(app.collector.counted('db.client.connection.wait_time', name), 11)
    assert.equal(app.collector.counted('db.client.connection.use_time', name), 11)
    const waits = spans.filter(span => span.attributes['hotpath.wait'] === 'connection')
    const requests = new Set(spans.filter(({ kind }) => kind === 2).map(({ spanId }) => spanId))
    // Of the eight; the first of each path waited for a connection to be made.
    assert.ok(waits.length >= 6, `${waits.length} waits`)
    assert.ok(waits.every(({ parentId = '' }) => requests.has(parentId)))
    const level = (metric: string) =>
      app.collector.points.findLast(
        point => point.metric === metric && point.attributes[POOL] === name[POOL],
      )?.value
    assert.equal(level('db.client.connection.max'), 2)
    // MariaDB's default; of the server, not of the pool.
    assert.equal(level('hotpath.pool.server_max'), 151)
    assert.deepEqual(errors, [])
  })

  test('a connection that does not come back is reported, a long statement is not', async () => {
    const app = await ObservedApp.start(APP, { DATABASE_URL: mariadb.url })
    await ask(app, '/leak')
    await ask(app, '/long')
    await app.collector.until(({ points }) =>
      points.some(point => point.metric === 'hotpath.pool.leaks'),
    )
    await ask(app, '/destroy')
    const { output } = await app.finish()
    const leaks = app.collector.points.filter(point => point.metric === 'hotpath.pool.leaks')
    assert.equal(
      leaks.reduce((sum, point) => sum + point.value, 0),
      1,
    )
    assert.match(output, /^hotpath: a connection of 127\.0\.0\.1:\d+\/app was borrowed/m)
    assert.match(output, /^ +at .*\/leak.*pool-mysql2\/app\.cjs:\d+:\d+\)$/m)
    assert.equal(app.collector.counted('hotpath.pool.age'), 1)
  })
})
