import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createClient } from 'redis'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import { freePort } from '../pool/server.js'
import { until } from './cached-server.js'
import { finish, Instance } from './instances.js'

describe('answers in a store that two processes share', { skip: missingRedis() }, () => {
  let redis: Server
  let a: Instance
  let b: Instance
  before(async () => {
    redis = await startRedis()
    const port = await freePort()
    a = await Instance.start('a', '127.0.0.1', port, redis.port)
    b = await Instance.start('b', '127.0.0.2', port, redis.port)
  })
  after(async () => {
    await finish(a, b)
    await redis?.stop()
  })

  test('one that starts cold takes what another made, and what its policy has earned', async () => {
    await a.serves('/cold', 'by a')
    let page = 0
    await until(async () => {
      const path = `/cold?page=${++page}`
      await a.get(path)
      const { hit, body } = await b.get(path)
      return hit && body.includes('by a')
    }, 'a hit of what another made')
  })

  test('an unsafe request to one drops the answer of both', async () => {
    await a.serves('/menu', 'by')
    await b.serves('/menu', 'by')
    await a.get('/set?to=2')
    await b.get('/set?to=2')
    assert.equal((await b.get('/menu', {}, 'POST')).status, 204)
    assert.match((await b.get('/menu')).body, /of 2/)
    await until(async () => (await a.get('/menu')).body.includes('of 2'), 'the new answer')
  })

  test('a tag that one invalidates makes what both have old', async () => {
    await a.get('/set?to=3')
    await b.get('/set?to=3')
    await a.get('/drop')
    assert.match((await a.get('/menu')).body, /of 3/)
    await until(async () => (await b.get('/menu')).body.includes('of 3'), 'the new answer')
  })

  test('variants by a header of the key are shared each by itself', async () => {
    const german = { 'accept-language': 'de' }
    await a.serves('/other', 'de', german)
    await b.serves('/other', 'de', german)
    assert.match((await b.get('/other', { 'accept-language': 'fr' })).body, /fr$/)
    assert.match((await b.get('/other', german)).body, /de$/)
  })

  test('nothing of one user is in the store, nor what is declared private', async () => {
    for (let n = 0; n < 30; n++) {
      await a.get('/me')
      await a.get('/own')
      await a.get('/me', { cookie: 'sid=secret-of-ann' })
    }
    await a.serves('/me', 'nobody')
    assert.equal((await b.get('/me', { cookie: 'sid=bob' })).body, 'user sid=bob')
    const client = await createClient({ url: `redis://127.0.0.1:${redis.port}` }).connect()
    const values = []
    for (const key of await client.keys('*'))
      if ((await client.type(key)) === 'string') values.push(`${key} ${await client.get(key)}`)
    client.destroy()
    assert.ok(values.some(value => value.includes('user nobody')))
    assert.deepEqual(
      values.filter(value => /secret-of-ann|\/own/.test(value)),
      [],
    )
  })

  test('while the store does not answer each goes on by itself, and they come together again', async () => {
    redis.pause()
    try {
      for (const instance of [a, b])
        for (let n = 0; n < 8; n++) {
          const { status, body } = await instance.get(`/menu?page=${n}`)
          assert.equal(status, 200)
          assert.match(body, /^\/menu made by/)
        }
    } finally {
      redis.resume()
    }
    await until(async () => {
      const page = `/menu?again=${Math.random()}`
      await a.get(page)
      return (await b.get(page)).body.includes('by a')
    }, 'the store to be used again')
  })
})
