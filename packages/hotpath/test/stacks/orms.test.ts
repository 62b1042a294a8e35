import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed, prismaFolder } from '@hotpath/test/company'
import type { Observation } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { ask } from './databases.js'
import { assertStatements, drive } from './drive.js'
import { waysShownBy } from './registry.js'

const WAYS = waysShownBy('stacks/orms.test.ts')

describe('what runs on pg and mysql2', { skip: missingMariaDb() ?? false }, () => {
  let postgres: Postgres
  let mariadb: MariaDb
  let seen: Observation
  before(async () => {
    ;[postgres, mariadb] = await Promise.all([startPostgres(), startMariaDb()])
    const items = 'create table items (id int primary key, name text)'
    await ask(postgres.url, mariadb.url, [items, "insert into items values (1, 'planted')"])
    const env = {
      PG_URL: postgres.url,
      MYSQL_URL: mariadb.url,
      PRISMA: join(prismaFolder(), 'package.json'),
      STACKS: join(installed('stacks'), 'package.json'),
    }
    seen = await drive({ stack: 'orms', framework: 'fastify4', env, ways: WAYS })
  })
  after(() => Promise.all([postgres.stop(), mariadb.stop()]))

  for (const way of WAYS)
    test(`${way}: each statement once, in its own request`, () => {
      const system = way.includes('-pg-') ? 'postgresql' : 'mysql'
      assertStatements(seen, way, { system, parts: [1, 2] })
    })
})
