import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import type { Observation } from '../observed.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { assertStatements, drive, requestsOf } from './drive.js'
import { waysOf } from './registry.js'

const WAYS = ['timer', 'immediate', 'emitter', 'stream', 'thread', 'p-limit', ...waysOf('p-queue')]

describe('work that others go on with: timers, events, streams, threads, queues', () => {
  let postgres: Postgres
  let seen: Observation
  before(async () => {
    postgres = await startPostgres()
    const folder = installed('stacks')
    // The app lies beside its libraries, as apps do.
    const app = join(folder, 'start.mjs')
    const program = new URL('../../test/apps/stacks/app.mjs', import.meta.url).href
    writeFileSync(app, `await import(${JSON.stringify(program)})\n`)
    const env = { PG_URL: postgres.url, STACKS: join(folder, 'package.json') }
    seen = await drive({ stack: 'hops', app, framework: 'koa', env, ways: WAYS })
  })
  after(() => postgres.stop())

  for (const way of WAYS)
    test(`${way}: each statement once, in its own request`, () => {
      assertStatements(seen, way, { system: 'postgresql' })
      // Of the copy that Koa's router has for ES modules.
      for (const { attributes } of requestsOf(seen, way))
        assert.equal(attributes['http.route'], `/${way}/:n`)
    })
})
