import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import * as express from 'hotpath/limit/express'
import * as fastify from 'hotpath/limit/fastify'
import { comes, Door, until } from '../serve/cached-server.js'

interface Nest {
  readonly url: string
  readonly places: express.ExpressLimit<express.ConcurrencyFigures>
  close(): Promise<void>
}
type Build = (
  load: NodeJS.Require,
  adapter: string,
  given: { express: object; own: object; answer: () => unknown },
) => Promise<Nest>

const build = createRequire(import.meta.url)('../../test/apps/nest-mounts.cjs') as Build

for (const [adapter, own] of Object.entries({ Express: express, Fastify: fastify }))
  describe(`by hand in Nest on ${adapter}`, () => {
    async function nest(use: (app: Nest, door: Door) => Promise<void>): Promise<void> {
      const load = createRequire(join(installed('stacks'), 'package.json'))
      const door = new Door()
      const answer = async () => {
        await door.pass()
        return 'report'
      }
      const app = await build(load, adapter, { express, own, answer })
      try {
        await use(app, door)
      } finally {
        await app.close()
      }
    }

    test('a limit as a guard knows who has logged in, as middleware the address', async () => {
      await nest(async ({ url }) => {
        const seen: string[] = []
        for (const user of ['ann', 'ann', 'bob', 'ann', 'bob', 'bob']) {
          const answer = await fetch(`${url}/orders`, { headers: { 'x-user': user } })
          seen.push(`${user} ${answer.status}`)
          if (answer.status !== 429) continue
          assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
          assert.match(answer.headers.get('ratelimit') ?? '', /^"2\/h";r=0;t=\d+$/)
          assert.ok(Number(answer.headers.get('retry-after')) > 1700)
          assert.equal(((await answer.json()) as { status: number }).status, 429)
        }
        assert.deepEqual(seen, ['ann 200', 'ann 200', 'bob 200', 'ann 429', 'bob 200', 'bob 429'])
        const menu: number[] = []
        for (let n = 0; n < 3; n++) menu.push((await fetch(`${url}/menu`)).status)
        assert.deepEqual(menu, [200, 200, 429])
      })
    })

    test('places as middleware are given back', async () => {
      await nest(async ({ url, places }, door) => {
        const first = fetch(`${url}/report`)
        await until(() => door.waiting === 1, 'the first in the handler')
        const refused = await comes(fetch(`${url}/report`), 'a refusal', {
          'it was let in': () => door.waiting > 1,
          'it waits': () => places.figures().waiting > 0,
        })
        assert.equal(refused.status, 503)
        assert.match(refused.headers.get('retry-after') ?? '', /^[123]$/)
        door.open()
        assert.equal(await (await first).text(), 'report')
        await until(() => places.figures().inFlight === 0, 'the place to be given back')
        assert.equal((await fetch(`${url}/report`)).status, 200)
      })
    })
  })
