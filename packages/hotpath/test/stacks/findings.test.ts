import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { TestConsole } from '@hotpath/test/console'
import { until } from '@hotpath/test/until'
import { ObservedApp } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { ask } from './databases.js'

describe('the console finds a loop of queries', { skip: missingMariaDb() ?? false }, () => {
  let postgres: Postgres
  let mariadb: MariaDb
  before(async () => {
    ;[postgres, mariadb] = await Promise.all([startPostgres(), startMariaDb()])
    const ids = Array.from({ length: 20 }, (_, id) => `(${id})`).join(', ')
    await ask(postgres.url, mariadb.url, [
      'create table users (id int primary key)',
      'create table addresses (user_id int, street text)',
      `insert into users values ${ids}`,
    ])
  })
  after(() => Promise.all([postgres.stop(), mariadb.stop()]))

  test('over mysql2, and over postgres.js', async () => {
    await using hotpath = await TestConsole.start()
    const env = {
      STACK: 'loops',
      FRAMEWORK: 'express',
      PG_URL: postgres.url,
      MYSQL_URL: mariadb.url,
      ...hotpath.env,
    }
    const app = await ObservedApp.start('stacks/app.cjs', env)
    for (const way of ['mysql', 'postgres'])
      for (let n = 0; n < 5; n++) await (await fetch(`${app.url}/${way}/${n}`)).text()
    await app.finish()
    const loops = await until(
      async () =>
        (await hotpath.ask('findings')).findings.filter(({ kind }) => kind === 'n-plus-one'),
      found => found.length === 2,
      'two findings',
    )
    const found = loops.map(({ route, subject, where }) => ({ route, subject, line: where?.line }))
    assert.deepEqual(
      found.sort((a, b) => a.route.localeCompare(b.route)),
      [
        {
          route: 'GET /mysql/:n',
          subject: 'select street from `addresses` where user_id = ?',
          line: 14,
        },
        {
          route: 'GET /postgres/:n',
          subject: 'select street from addresses where user_id = $1',
          line: 18,
        },
      ],
    )
  })
})
