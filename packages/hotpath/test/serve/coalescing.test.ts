import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { request as httpRequest } from 'node:http'
import { describe, test } from 'node:test'
import { CachedServer, Door, type Handler, until } from './cached-server.js'

const routes = { 'GET /menu': { ttl: '10s' } }

/** Answers when the door opens; each answer has a number. */
function behind(door: Door, fields: () => Record<string, string> = () => ({})): Handler {
  let n = 0
  return async (_, response) => {
    const own = ++n
    await door.pass()
    for (const [name, value] of Object.entries(fields())) response.setHeader(name, value)
    response.end(`answer ${own}`)
  }
}

describe('requests for the same answer at once', () => {
  test('run the handler once, and all get its answer', async () => {
    const door = new Door()
    await using server = await CachedServer.start(behind(door), { routes })
    const asked = Array.from({ length: 200 }, () => server.ask('/menu'))
    await until(() => door.waiting === 1, 'the first request')
    await until(() => server.waiting === 199, 'those who wait')
    door.open()
    const answers = await Promise.all(asked)
    assert.equal(server.runs, 1)
    assert.equal(new Set(answers.map(answer => answer.body)).size, 1)
    assert.equal(answers.filter(answer => answer.cacheStatus.includes('collapsed')).length, 199)
  })

  test('that turns out private: each runs on its own', async () => {
    const door = new Door()
    await using server = await CachedServer.start(
      behind(door, () => ({ 'cache-control': 'private' })),
      { routes },
    )
    const asked = Array.from({ length: 20 }, () => server.ask('/menu'))
    await until(() => door.waiting === 1, 'the first request')
    door.open()
    const bodies = (await Promise.all(asked)).map(answer => answer.body)
    assert.equal(new Set(bodies).size, 20)
  })

  test('that turns out to vary: each gets the one for its headers', async () => {
    const door = new Door()
    await using server = await CachedServer.start(
      async (request, response) => {
        await door.pass()
        response.writeHead(200, { vary: 'x-a' }).end(String(request.headers['x-a']))
      },
      { routes },
    )
    const asked = Array.from({ length: 20 }, (_, n) => server.ask('/menu', { 'x-a': `v${n % 4}` }))
    await until(() => door.waiting === 1, 'the first request')
    door.open()
    const bodies = (await Promise.all(asked)).map(answer => answer.body)
    assert.deepEqual(
      bodies,
      Array.from({ length: 20 }, (_, n) => `v${n % 4}`),
    )
  })

  test('whose first client leaves: the answer is made, kept, and given to the others', async () => {
    const door = new Door()
    const length = () => ({ 'content-length': '8' })
    await using server = await CachedServer.start(behind(door, length), { routes })
    const first = httpRequest({ port: server.port, host: '127.0.0.1', path: '/menu' })
    first.on('error', () => {})
    first.end()
    await until(() => door.waiting === 1, 'the first request')
    const others = [server.ask('/menu'), server.ask('/menu')]
    const closed = new Promise(resolve => void first.once('close', resolve))
    first.destroy()
    await closed
    door.open()
    assert.deepEqual(
      (await Promise.all(others)).map(answer => answer.body),
      ['answer 1', 'answer 1'],
    )
    assert.equal((await server.ask('/menu')).body, 'answer 1')
    assert.equal(server.runs, 1)
  })

  test('whose first client leaves and whose handler gives up: the others run on their own', async () => {
    let n = 0
    await using server = await CachedServer.start(
      (_, response) => {
        if (++n > 1) response.end(`answer ${n}`)
      },
      { routes },
    )
    const first = httpRequest({ port: server.port, host: '127.0.0.1', path: '/menu' })
    first.on('error', () => {})
    first.end()
    await until(() => server.runs === 1, 'the first request')
    const other = server.ask('/menu')
    first.destroy()
    assert.equal((await other).body, 'answer 2')
  })

  test('go on in the async context in which they came', async () => {
    const door = new Door()
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    await using server = await CachedServer.start(
      async (_, response) => {
        seen.push(storage.getStore())
        storage.enterWith('of another')
        await door.pass()
        response.writeHead(200, { 'cache-control': 'private' }).end('mine')
      },
      { routes },
    )
    const asked = [server.ask('/menu'), server.ask('/menu'), server.ask('/menu')]
    await until(() => server.waiting === 2, 'those who wait')
    door.open()
    await Promise.all(asked)
    assert.deepEqual(seen, [undefined, undefined, undefined])
  })

  test('an exception in the handler of one that waited is its own', async () => {
    const door = new Door()
    await using server = await CachedServer.start(
      async (request, response) => {
        await door.pass()
        if (request.headers['x-a'] === 'bad') response.writeHead(500).end('failed')
        else response.writeHead(200, { vary: 'x-a' }).end('good')
      },
      { routes },
    )
    const first = server.ask('/menu')
    await until(() => door.waiting === 1, 'the first request')
    const bad = server.ask('/menu', { 'x-a': 'bad' })
    door.open()
    assert.equal((await first).body, 'good')
    assert.equal((await bad).status, 500)
  })
})
