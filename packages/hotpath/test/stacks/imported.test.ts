import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { assertSpans, assertStatements, drive } from './drive.js'

const SYSTEMS = { pg: 'postgresql', postgres: 'postgresql', mysql2: 'mysql' } as const
const REDIS = ['ioredis', 'redis']

const missing = missingMariaDb() ?? missingRedis()

describe('drivers as ES modules in an app of CommonJS', { skip: missing ?? false }, () => {
  let postgres: Postgres
  let mariadb: MariaDb
  let redis: Server
  before(async () => {
    ;[postgres, mariadb, redis] = await Promise.all([startPostgres(), startMariaDb(), startRedis()])
  })
  after(() => Promise.all([postgres.stop(), mariadb.stop(), redis.stop()]))

  for (const loadedBy of ['import', 'require'])
    test(`loaded by ${loadedBy}: each statement and command once, in its own request`, async () => {
      const seen = await drive({
        stack: 'imported',
        env: {
          LOADED_BY: loadedBy,
          PG_URL: postgres.url,
          MYSQL_URL: mariadb.url,
          REDIS_PORT: String(redis.port),
        },
        ways: [...Object.keys(SYSTEMS), ...REDIS],
      })
      for (const [way, system] of Object.entries(SYSTEMS)) assertStatements(seen, way, { system })
      for (const way of REDIS) {
        const commands = assertSpans(seen, way, {
          of: span => span.attributes['db.system.name'] === 'redis',
          names: n => Array.from({ length: (n % 3) + 1 }, () => 'GET'),
        })
        for (const { attributes } of commands) assert.equal(attributes['server.port'], redis.port)
      }
    })
})
