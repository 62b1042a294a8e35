import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ObservedApp } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from './mariadb.js'

const APP = 'pool-mysql2/app.cjs'

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
    await Promise.all(Array.from({ length: 8 }, () => ask(app, '/callback')))
    const { errors } = await app.finish()
    const name = { 'db.client.connection.pool.name': `127.0.0.1:${mariadb.port}/app` }
    assert.equal(app.collector.counted('db.client.connection.wait_time', name), 11)
    assert.equal(app.collector.counted('db.client.connection.use_time', name), 11)
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
