import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import { freePort } from '../pool/server.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { until } from './cached-server.js'
import { finish, Instance } from './instances.js'

/** Nobody has it, and four processes are asked for it at once. */
describe('a cold answer that instances share', { skip: missingRedis() }, () => {
  let redis: Server
  let postgres: Postgres
  let all: Instance[] = []
  before(async () => {
    redis = await startRedis()
    postgres = await startPostgres()
    const client = new pg.Client(postgres.url)
    await client.connect()
    await client.query('create table menu (id int primary key, price int)')
    await client.query('insert into menu values (1, 3)')
    await client.end()
    const port = await freePort()
    for (const n of [1, 2, 3, 4]) {
      const more = { PG_URL: postgres.url }
      const one = await Instance.start(`${n}`, `127.0.0.${n}`, port, redis.port, '', 'cold', more)
      all.push(one)
      // The first earns it, the others take over what it has earned.
      for (const path of ['/menu', '/rows']) await one.serves(path, '')
    }
  })
  after(async () => {
    await finish(...all)
    await redis?.stop()
    await postgres?.stop()
  })

  const hold = (on: boolean) => Promise.all(all.map(one => one.get(`/hold?on=${on ? 1 : 0}`)))
  const runsOf = async (one: Instance, path: string): Promise<number> =>
    (JSON.parse((await one.get('/runs')).body) as Record<string, number>)[path] ?? 0
  const runs = async (path: string): Promise<number> => {
    const each = await Promise.all(all.map(one => runsOf(one, path)))
    return each.reduce((sum, n) => sum + n, 0)
  }

  // On a busy machine the store may take longer than its 50 ms, and an instance then goes by itself: all of them
  // never do.
  test('is made once, and given to all', async () => {
    const times: number[] = []
    for (let n = 0; n < 10; n++) {
      const path = `/menu?cold=${n}`
      await hold(true)
      const asked = Promise.all(all.flatMap(one => [one.get(path), one.get(path)]))
      await until(async () => (await runs(path)) > 0, 'the handler to run')
      await hold(false)
      const bodies = (await asked).map(({ body }) => body)
      assert.deepEqual(new Set(bodies), new Set([`${path} made by one`]))
      times.push(await runs(path))
    }
    assert.equal(Math.min(...times), 1, `made ${times.join()} times`)
  })

  test('that statements were read for is made twice at most', async () => {
    const times: number[] = []
    for (let n = 0; n < 5; n++) {
      const path = `/rows?cold=${n}`
      const bodies = await Promise.all(all.map(one => one.get(path)))
      assert.deepEqual(new Set(bodies.map(({ body }) => body)), new Set(['3']))
      times.push(await runs(path))
    }
    assert.ok(Math.min(...times) <= 2, `made ${times.join()} times`)
  })

  test('that turns out private is made by each, and by nobody for another', async () => {
    const path = '/menu?private=1&who=1'
    await hold(true)
    const asked = Promise.all(all.map(async one => ({ one, got: await one.get(path) })))
    await until(async () => (await runs(path)) > 0, 'the handler to run')
    await hold(false)
    for (const [n, { got }] of (await asked).entries()) {
      assert.equal(got.hit, false)
      assert.equal(got.body, `${path} made by ${n + 1}`)
    }
    assert.equal(await runs(path), 4)
  })

  test('is made by another when the one that makes it dies', async () => {
    const path = '/menu?dies=1'
    await hold(true)
    const asked = all.map(one => ({ one, got: one.get(path).catch(() => undefined) }))
    await until(async () => (await runs(path)) > 0, 'the handler to run')
    const each = await Promise.all(all.map(one => runsOf(one, path)))
    const leader = all[each.indexOf(1)]
    assert.ok(leader)
    leader.app.kill()
    all = all.filter(one => one !== leader)
    await hold(false)
    for (const { one, got } of asked)
      if (one !== leader) assert.equal((await got)?.body, `${path} made by one`)
    assert.ok((await runs(path)) >= 1)
  })
})
