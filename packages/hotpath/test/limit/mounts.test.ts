import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import type { ErrorRequestHandler, Express } from 'express'
import { memoryLimits } from 'hotpath/limit'
import { limitRequests, throttleRequests } from 'hotpath/limit/express'
import type { LimitFigures } from '../../dist/web/limit/mount.js'
import { comes } from '../serve/cached-server.js'
import { listen } from '../web/frameworks.js'
import { ask, spellings } from './spellings.js'

interface Mounted {
  readonly kind: 'limitRequests' | 'throttleRequests'
  readonly options: object
}
type Build = (
  mounted: Mounted,
  path: string,
) => Promise<{ server: Server; figures: () => LimitFigures }>

const require = createRequire(import.meta.url)
const builds = require('../../test/apps/limited-mounts.cjs') as Readonly<Record<string, Build>>

const limited = (options: object): Mounted => ({ kind: 'limitRequests', options })

async function using(
  build: Build,
  mounted: Mounted,
  use: (url: string, figures: () => LimitFigures, port: number) => Promise<void>,
): Promise<void> {
  const { server, figures } = await build(mounted, '/orders')
  await using_(server, (url, port) => use(url, figures, port))
}

async function using_(
  server: Server,
  use: (url: string, port: number) => Promise<void>,
): Promise<void> {
  const listening = await listen(server)
  try {
    await use(listening.url, (server.address() as AddressInfo).port)
  } finally {
    await listening[Symbol.asyncDispose]()
  }
}

for (const [framework, build] of Object.entries(builds))
  describe(`limits by hand in ${framework}`, () => {
    test('refuse with the same answer, behind what middleware sets', async () => {
      await using(build, limited({ rate: '2/h' }), async (url, figures) => {
        const get = () => fetch(`${url}/orders`)
        for (let n = 0; n < 2; n++) {
          const response = await get()
          assert.equal(response.status, 200)
          assert.equal(response.headers.get('ratelimit'), null, 'said on refusals alone')
          assert.equal(await response.text(), 'done')
        }
        const { status, headers, ...refused } = await get().then(async response => ({
          status: response.status,
          headers: response.headers,
          body: (await response.json()) as Record<string, unknown>,
        }))
        assert.equal(status, 429)
        assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
        assert.match(headers.get('ratelimit') ?? '', /^"2\/h";r=0;t=\d+$/)
        assert.ok(Number(headers.get('retry-after')) > 1700)
        assert.equal(headers.get('x-early'), 'yes')
        assert.equal(refused.body['status'], 429)
        assert.deepEqual(figures(), { counts: { allowed: 2, 'refused rate': 1 }, errors: 0 })
      })
    })

    test('count by who has logged in before them, else by the address', async () => {
      await using(build, limited({ rate: '1/h', by: 'user' }), async url => {
        const seen: number[] = []
        for (const user of ['ann', 'bob', 'ann', undefined, undefined]) {
          const headers = user === undefined ? {} : { 'x-user': user }
          seen.push((await fetch(`${url}/orders`, { headers })).status)
        }
        assert.deepEqual(seen, [200, 200, 429, 200, 429])
      })
    })

    test('with a store, which answers later, and functions of the request', async () => {
      const options = {
        rate: '4/h',
        store: memoryLimits(),
        namespace: 'orders',
        headers: 'always',
        cost: () => 2,
        by: async () => 'all',
        onStoreFailure: 'closed',
      }
      await using(build, limited(options), async url => {
        const seen: (string | null)[] = []
        for (let n = 0; n < 3; n++) {
          const { status, headers } = await fetch(`${url}/orders`)
          seen.push(`${status} ${headers.get('ratelimit')?.split(';')[1]}`)
        }
        assert.deepEqual(seen, ['200 r=2', '200 r=0', '429 r=0'])
      })
    })

    test('go on where a function of the options throws, and count that', async () => {
      const fail = () => {
        throw new Error('no')
      }
      const options = { rate: '2/h', cost: fail, plan: fail, tiers: { pro: '9/h' } }
      await using(build, limited(options), async (url, figures) => {
        const seen: number[] = []
        for (let n = 0; n < 3; n++) seen.push((await fetch(`${url}/orders`)).status)
        assert.deepEqual(seen, [200, 200, 429])
        assert.equal(figures().errors, 6)
      })
    })

    test('count by the address where lists, or who it is, throw: nobody is without a limit', async () => {
      const fail = () => {
        throw new Error('no')
      }
      const options = { rate: '2/h', by: fail, allow: fail, deny: fail }
      await using(build, limited(options), async (url, figures) => {
        const seen: number[] = []
        for (let n = 0; n < 3; n++) seen.push((await fetch(`${url}/orders`)).status)
        assert.deepEqual(seen, [200, 200, 429])
        assert.equal(figures().errors, 9)
      })
    })

    test('throttle what comes at once', async () => {
      const mounted = {
        kind: 'throttleRequests',
        options: { rate: '20/s', maxDelay: '200ms' },
      } as const
      await using(build, mounted, async (url, figures) => {
        const all = Array.from({ length: 20 }, async () => (await fetch(`${url}/orders`)).status)
        const statuses = await comes(Promise.all(all), 'all answers')
        const { allowed = 0, delayed = 0, 'refused delay': refused = 0 } = figures().counts
        assert.equal(allowed, statuses.filter(status => status === 200).length)
        assert.equal(allowed + refused, 20)
        assert.ok(delayed >= 1 && refused >= 1, JSON.stringify(figures()))
      })
    })

    test('hold exactly where the handler is reached, over 500 spellings', async () => {
      const options = { rate: '900000/s', headers: 'always' }
      await using(build, limited(options), async (_, __, port) => {
        const agent = new Agent({ keepAlive: true })
        let reached = 0
        for (const spelling of spellings(500, 9)) {
          const { headers } = await ask(port, agent, spelling)
          assert.equal(
            headers.ratelimit !== undefined,
            headers['x-handler'] !== undefined,
            JSON.stringify(spelling),
          )
          if (headers['x-handler'] !== undefined) reached++
        }
        agent.destroy()
        assert.ok(reached > 20, String(reached))
      })
    })
  })

describe('a request that was held up', () => {
  const kinds = {
    'by a throttle': throttleRequests({ rate: '50/s', maxDelay: '5s' }),
    'by a store': limitRequests({ rate: '100/h', store: memoryLimits(), namespace: 'held' }),
  }
  for (const [how, mount] of Object.entries(kinds))
    test(`${how} goes on in its own async context, and what it throws is its own`, async () => {
      const express = require('express') as () => Express
      const names = new AsyncLocalStorage<string>()
      const app = express()
      app.use((request, _, next) => names.run(String(request.headers['x-user']), next))
      app.get('/orders', mount as never, (request, response) => {
        if (request.headers['x-user'] === 'ann 3') throw new Error('no')
        response.end(names.getStore())
      })
      app.use(((_error, _request, response, _next) => {
        response.statusCode = 500
        response.end(names.getStore())
      }) as ErrorRequestHandler)
      await using_(createServer(app), async url => {
        const users = Array.from({ length: 8 }, (_, n) => `ann ${n}`)
        const all = users.map(async user => {
          const response = await fetch(`${url}/orders`, { headers: { 'x-user': user } })
          return `${response.status} ${await response.text()}`
        })
        const answers = await comes(Promise.all(all), 'all answers')
        assert.deepEqual(
          answers,
          users.map((user, n) => `${n === 3 ? 500 : 200} ${user}`),
        )
      })
    })
})

test('Hono: answers whose headers nobody may change are told of the limit, too', async () => {
  const { Hono } = await import('hono')
  const { getRequestListener } = await import('@hono/node-server')
  const { limitRequests: limitHono } = await import('hotpath/limit/hono')
  const app = new Hono()
  const handOn = () => fetch('data:text/plain,menu')
  app.get('/menu', limitHono({ rate: '5/h', headers: 'always' }), handOn)
  await using_(createServer(getRequestListener(app.fetch)), async url => {
    const answer = await comes(fetch(`${url}/menu`), 'an answer')
    assert.equal(await answer.text(), 'menu')
    assert.match(answer.headers.get('ratelimit') ?? '', /^"5\/h";r=4/)
  })
})

test('a mount with options that make no sense is refused when it is made', () => {
  assert.throws(() => limitRequests({ rate: '0/s' }), {
    code: 'HOTPATH_CONFIG_VALUE',
    message: /limitRequests: "policy.rate" must be a rate/,
  })
  assert.throws(() => limitRequests({ rate: '1/s', store: memoryLimits() }), {
    code: 'HOTPATH_LIMIT_NAMESPACE',
  })
})
