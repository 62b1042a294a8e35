import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installed } from '@hotpath/test/company'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { missingRabbitMq, type RabbitMq, startRabbitMq } from './rabbitmq.js'

const program = fileURLToPath(new URL('../../test/apps/stacks/same.cjs', import.meta.url))
const register = new URL('../../dist/register.js', import.meta.url).href

const missing = missingMariaDb() ?? missingRedis() ?? missingRabbitMq()

describe('with the recorder', { skip: missing ?? false }, () => {
  let postgres: Postgres
  let mariadb: MariaDb
  let redis: Server
  let rabbit: RabbitMq
  before(async () => {
    ;[postgres, mariadb, redis, rabbit] = await Promise.all([
      startPostgres(),
      startMariaDb(),
      startRedis(),
      startRabbitMq(),
    ])
  })
  after(() => Promise.all([postgres.stop(), mariadb.stop(), redis.stop(), rabbit.stop()]))

  test('an app sees the same of its libraries as without', async () => {
    const env = {
      ...process.env,
      MYSQL_URL: mariadb.url,
      AMQP_URL: rabbit.url,
      PG_URL: postgres.url,
      REDIS_PORT: String(redis.port),
      STACKS: join(installed('stacks'), 'package.json'),
    }
    const says = async (extra: Record<string, string>) =>
      (
        await promisify(execFile)(process.execPath, ['--import', register, program], {
          env: { ...env, ...extra },
          // Who waits for what never comes says nothing.
          timeout: 60_000,
        })
      ).stdout.split('\n')
    const without = await says({ HOTPATH_DISABLED: '1' })
    // Nobody listens there.
    const attached = await says({ HOTPATH_ENDPOINT: 'http://127.0.0.1:1', HOTPATH_MODE: 'dev' })
    assert.ok(without.length > 50, without.join('\n'))
    assert.deepEqual(attached, without)
  })
})
