import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../../places.js'
import { type Postgres, startPostgresWith } from '../../postgres.js'
import { ormsFolder, prismaFolder } from '../../run/company.js'
import { BatchedApp, written } from './app.js'

const USERS = 100

/** Statements for a page of 100 users once it is known; an ORM asks a few things of its own. */
const MOST = 5

const names = ['prisma', 'knex', 'kysely', 'drizzle', 'typeorm', 'sequelize']

describe('the loop of 100 users through an ORM, once it is known', () => {
  let postgres: Postgres
  let app: BatchedApp
  const expected = Array.from({ length: USERS }, (_, i) => ({
    id: i + 1,
    name: `u${i + 1}`,
    addresses: [{ street: `s${i + 1} 1` }, { street: `s${i + 1} 2` }],
  }))
  before(async () => {
    const folder = ormsFolder()
    postgres = await startPostgresWith(`
      create table users (id int primary key, name text);
      create table addresses (id serial primary key, user_id int, street text);
      insert into users select g, 'u' || g from generate_series(1, ${USERS}) g;
      insert into addresses (user_id, street)
        select g, 's' || g || ' ' || n from generate_series(1, ${USERS}) g, generate_series(1, 2) n order by g, n`)
    app = await BatchedApp.start({
      databaseUrl: postgres.url,
      env: {
        ORMS: join(folder, 'package.json'),
        PRISMA: join(prismaFolder(), 'package.json'),
      },
    })
  })
  after(async () => {
    await app?.[Symbol.asyncDispose]()
    await postgres?.stop()
  })

  for (const name of names) {
    test(name, async () => {
      const file = JSON.stringify(join(fixtures, 'batching', 'orms.cjs'))
      const handler = written(`({ require, kept }) => require(${file}).${name}(kept)`)
      const { value, roundTrips, texts } = await app.learned(name, handler)
      assert.deepEqual(value, expected)
      assert.ok(
        roundTrips <= MOST,
        `${roundTrips} round trips: ${[...new Set(texts)].slice(0, 9).join('\n')}`,
      )
    })
  }
})
