import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import { type Postgres, startPostgres } from '../postgres.js'
import { assertStatements, drive, requestsOf } from './drive.js'
import { waysOf, waysShownBy } from './registry.js'

const ALL = waysShownBy('stacks/servers.test.ts')
/** They have no routes: those are guessed. All others name theirs as the app has written them. */
const GUESSED = waysOf('node:http, node:https', 'node:http2')

describe('every server: its routes, and whose statement is whose', () => {
  let postgres: Postgres
  let env: Record<string, string>
  before(async () => {
    postgres = await startPostgres()
    env = { PG_URL: postgres.url, STACKS: join(installed('stacks'), 'package.json') }
  })
  after(() => postgres.stop())

  const all = ALL.map(framework => ['stacks/app.cjs', framework] as const)
  const esm = ['express', 'fastify', 'hono'].map(
    framework => ['stacks/app.mjs', framework] as const,
  )
  for (const [app, framework] of [...all, ...esm])
    test(`${framework} in ${app}`, async () => {
      const seen = await drive({ stack: 'pg', app, framework, env, ways: ['ask'] })
      assertStatements(seen, 'ask', { system: 'postgresql' })
      for (const { attributes } of requestsOf(seen, 'ask')) {
        const isNamed = !GUESSED.includes(framework)
        assert.equal(attributes['http.route'], isNamed ? '/ask/:n' : '/ask/:id')
        assert.equal(attributes['hotpath.route.guessed'] ?? false, !isNamed)
        assert.equal(attributes['hotpath.aborted'], undefined)
        assert.equal(attributes['http.response.status_code'], 200)
      }
    })
})
