import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import type { Observation } from '../observed.js'
import { type MariaDb, missingMariaDb, startMariaDb } from '../pool/mariadb.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { drive, requestsOf } from './drive.js'
import { missingRabbitMq, type RabbitMq, startRabbitMq } from './rabbitmq.js'

/** What each way makes at least, so that something was looked at. */
const SPANS = {
  'pg-texts': 13,
  'pg-prepared': 2,
  'pg-user': 2,
  mysql2: 5,
  postgres: 3,
  redis: 8,
  amqp: 1,
  http: 5,
  'own-errors': 2,
  fields: 2,
}

const missing = missingMariaDb() ?? missingRedis() ?? missingRabbitMq()

describe('secrets where nobody looks for them', { skip: missing ?? false }, () => {
  let servers: [Postgres, MariaDb, Server, RabbitMq]
  let seen: Observation
  before(async () => {
    servers = await Promise.all([startPostgres(), startMariaDb(), startRedis(), startRabbitMq()])
    const [postgres, mariadb, redis, rabbit] = servers
    const env = {
      PG_URL: postgres.url,
      MYSQL_URL: mariadb.url,
      REDIS_PORT: String(redis.port),
      AMQP_URL: rabbit.url,
      STACKS: join(installed('stacks'), 'package.json'),
    }
    // It fails where any was sent.
    seen = await drive({ stack: 'secrets', framework: 'fastify', env, ways: Object.keys(SPANS) })
  })
  after(() => Promise.all(servers.map(server => server.stop())))

  for (const [way, least] of Object.entries(SPANS))
    test(`${way}: what was asked is told, without them`, () => {
      for (const { traceId } of requestsOf(seen, way)) {
        const spans = seen.spans.filter(span => span.traceId === traceId && span.kind !== 2)
        assert.ok(spans.length >= least, spans.map(span => span.name).join('\n'))
      }
    })

  test('a failure is told by its class', () => {
    const types = seen.spans
      .filter(span => span.name === 'Query.fails')
      .map(({ attributes }) => attributes['error.type'])
    assert.deepEqual(new Set(types), new Set(['Error']))
  })

  test('who is to be answered has no name', () => {
    const names = seen.spans.filter(({ kind }) => kind === 4 || kind === 5).map(({ name }) => name)
    assert.deepEqual(
      new Set(names),
      new Set([
        'send questions',
        'process questions',
        'send amq.rabbitmq.reply-to',
        'process amq.rabbitmq.reply-to',
      ]),
    )
  })
})
