import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import type { Express } from 'express'
import { limitConcurrency } from 'hotpath/limit/express'
import type { ConcurrencyFigures } from '../../dist/web/limit/concurrency-mount.js'
import { asked, comes, Door, until } from '../serve/cached-server.js'
import { listen } from '../web/frameworks.js'

type Build = (
  mounted: { kind: 'limitConcurrency'; options: unknown; answer?: () => unknown },
  path: string,
) => Promise<{ server: Server; figures: () => ConcurrencyFigures }>

const require = createRequire(import.meta.url)
const builds = require('../../test/apps/limited-mounts.cjs') as Readonly<Record<string, Build>>

const ask = (url: string, options: object = {}): Promise<Response> =>
  asked(`${url}/orders`, options)

for (const [framework, build] of Object.entries(builds))
  describe(`concurrency by hand in ${framework}`, () => {
    test('lets so many in, some wait, and the others are told when to come back', async () => {
      const door = new Door()
      const answer = async () => {
        await door.pass()
        return 'done'
      }
      const options = { limit: 2, queue: 1, queueTime: '10s' }
      const { server, figures } = await build(
        { kind: 'limitConcurrency', options, answer },
        '/orders',
      )
      await using listening = await listen(server)
      const { url } = listening
      const first = [ask(url), ask(url)]
      await until(() => door.waiting === 2, 'two in the handler')
      const third = ask(url)
      await until(() => figures().waiting === 1, 'one that waits', {
        'it was let in': () => door.waiting > 2,
      })
      const refused = await comes(ask(url), 'a refusal', {
        'it was let in': () => door.waiting > 2,
        'it waits': () => figures().waiting > 1,
      })
      assert.equal(refused.status, 503)
      assert.match(refused.headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.match(refused.headers.get('retry-after') ?? '', /^[123]$/)
      assert.equal(refused.headers.get('cache-control'), 'no-store')
      assert.equal(refused.headers.get('x-early'), 'yes', 'what middleware before it has set')
      assert.equal(((await refused.json()) as { status: number }).status, 503)
      assert.equal(door.waiting, 2)
      const { limit, inFlight } = figures()
      assert.deepEqual({ limit, inFlight }, { limit: 2, inFlight: 2 })
      door.open()
      for (const each of [...first, third]) {
        const answered = await each
        assert.equal(answered.status, 200)
        assert.equal(await answered.text(), 'done')
      }
      await until(() => figures().inFlight === 0, 'no place that is lost')
      const { queued = 0, ...others } = figures().counts
      // The second stood in line, too, where the code of the first ran for 2 ms.
      assert.ok(queued === 1 || queued === 2, `${queued} have waited`)
      assert.deepEqual(others, { 'refused full': 1 })
      assert.equal(figures().errors, 0)
    })

    test('gives the places of clients that left to the next ones', async () => {
      const door = new Door()
      const options = { limit: 1, queue: 5, queueTime: '10s' }
      const answer = async () => {
        await door.pass()
        return 'done'
      }
      const { server, figures } = await build(
        { kind: 'limitConcurrency', options, answer },
        '/orders',
      )
      await using listening = await listen(server)
      const leaving = [new AbortController(), new AbortController()]
      const left = leaving.map(({ signal }) => assert.rejects(ask(listening.url, { signal })))
      await until(() => door.waiting === 1 && figures().waiting === 1, 'one of each', {
        'both were let in': () => door.waiting > 1,
      })
      for (const each of leaving) each.abort()
      await Promise.all(left)
      const third = ask(listening.url)
      await until(() => door.waiting === 2, 'the third in the handler')
      assert.equal(figures().waiting, 0)
      door.open()
      assert.equal((await third).status, 200)
    })
  })

describe('a mount of concurrency', () => {
  const express = require('express') as () => Express

  test('lets the important in first, keeps the async context, and outlives functions that throw', async () => {
    const door = new Door()
    const names = new AsyncLocalStorage<string>()
    const seen: string[] = []
    const mount = limitConcurrency<import('express').Request>({
      limit: 1,
      queueTime: '10s',
      priority: ({ query }) => {
        if (query['of'] === 'none') throw new Error('no')
        return query['of'] === 'payments' ? 'high' : 'low'
      },
    })
    const app = express()
    app.use((request, _, next) => names.run(String(request.query['of']), next))
    app.get('/orders', mount as never, async (request, response) => {
      seen.push(`${request.query['of']} in ${names.getStore()}`)
      await door.pass()
      response.end()
    })
    await using listening = await listen(createServer(app))
    const of = (name: string) => fetch(`${listening.url}/orders?of=${name}`)
    const answers = [of('first')]
    await until(() => door.waiting === 1, 'the first')
    for (const name of ['menu', 'none', 'payments']) {
      answers.push(of(name))
      await until(() => mount.figures().waiting === answers.length - 1, 'who waits', {
        'it was let in': () => door.waiting > 1,
      })
    }
    door.open()
    await Promise.all(answers)
    assert.deepEqual(
      seen,
      ['first', 'payments', 'none', 'menu'].map(name => `${name} in ${name}`),
    )
    assert.equal(mount.figures().errors, 1)
  })

  test('gives an event-stream no place, once its head is out', async () => {
    const mount = limitConcurrency({ limit: 1, queue: 0 })
    const app = express()
    app.get('/orders', mount, (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write(': hello\n\n')
    })
    await using listening = await listen(createServer(app))
    const streams = [await ask(listening.url), await ask(listening.url)]
    assert.deepEqual(
      streams.map(({ status }) => status),
      [200, 200],
    )
    assert.equal(mount.figures().inFlight, 0)
    for (const { body } of streams) await body?.cancel()
  })

  test('with options that make no sense is refused when it is made', () => {
    assert.throws(() => limitConcurrency({ limit: 0 }), {
      code: 'HOTPATH_CONFIG_VALUE',
      message: /limitConcurrency: ".*limit" must be 'adaptive' or a whole number/,
    })
    assert.throws(() => limitConcurrency({ limits: 2 } as never), { code: 'HOTPATH_CONFIG_KEY' })
  })
})
