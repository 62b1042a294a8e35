import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { drive, plan } from '../demo/load.js'
import { loadProfile } from '../demo/profile.js'

/** The route of the profile that a planned call goes to. */
function routeOf(method: string, path: string): string {
  const [bare = ''] = path.split('?')
  const fits = loadProfile.filter(load => {
    const pattern = load.route.replaceAll(/:\w+/g, '\\d+')
    return load.method === method && new RegExp(`^${pattern}$`).test(bare)
  })
  assert.equal(fits.length, 1, `${method} ${path} fits ${fits.length} routes`)
  return `${method} ${fits[0]?.route}`
}

describe('the plan of a load', () => {
  test('is the same every time, of about the size asked for', () => {
    const calls = plan(loadProfile, 1_200)
    assert.deepEqual(plan(loadProfile, 1_200), calls)
    assert.ok(Math.abs(calls.length - 1_200) < 30, `${calls.length} calls`)
  })

  test('asks for every route, at least six times, however short the load', () => {
    const times = new Map<string, number>()
    for (const { method, path } of plan(loadProfile, 1)) {
      const route = routeOf(method, path)
      times.set(route, (times.get(route) ?? 0) + 1)
    }
    assert.equal(times.size, loadProfile.length)
    for (const [route, count] of times) assert.equal(count, 6, route)
  })

  test('mixes the routes: every tenth of it has slow and clean ones', () => {
    const calls = plan(loadProfile, 1_200)
    const tenth = Math.floor(calls.length / 10)
    for (let start = 0; start + tenth <= calls.length; start += tenth) {
      const part = calls.slice(start, start + tenth)
      const routes = new Set(part.map(({ method, path }) => routeOf(method, path)))
      assert.ok(
        routes.size >= loadProfile.length - 2,
        `${routes.size} routes from call ${start} on`,
      )
    }
  })
})

describe('the driver of a load', () => {
  test('makes every call once, no more than so many at a time, and counts what failed', async () => {
    const seen: string[] = []
    let open = 0
    let most = 0
    const server = createServer((req, res) => {
      open += 1
      most = Math.max(most, open)
      seen.push(`${req.method} ${req.url}`)
      setImmediate(() => {
        open -= 1
        if (req.url === '/gone') req.socket.destroy()
        else res.writeHead(req.url === '/bad' ? 500 : 200).end('{}')
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')

    const paths = [...Array.from({ length: 40 }, (_, n) => `/${n}`), '/bad', '/bad', '/gone']
    const answered: number[] = []
    const result = await drive({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      calls: paths.map(path => ({ method: 'GET', path })),
      concurrency: 4,
      onAnswer: count => answered.push(count),
    })
    server.close()

    assert.deepEqual(seen.sort(), paths.map(path => `GET ${path}`).sort())
    assert.ok(most > 1 && most <= 4, `${most} at a time`)
    assert.equal(result.answered, 43)
    assert.deepEqual(
      answered,
      Array.from({ length: 43 }, (_, n) => n + 1),
    )
    assert.deepEqual([...result.failures].sort(), [
      ['GET /bad: 500', 2],
      ['GET /gone: ECONNRESET', 1],
    ])
  })

  test('stops when it is told to', async () => {
    const server = createServer((_req, res) => res.end())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const stop = new AbortController()
    const result = await drive({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      calls: Array.from({ length: 1_000 }, () => ({ method: 'GET', path: '/' })),
      concurrency: 2,
      onAnswer: count => count === 10 && stop.abort(),
      signal: stop.signal,
    })
    server.close()
    assert.ok(result.answered <= 12, `${result.answered} calls`)
  })
})
