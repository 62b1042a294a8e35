import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import { missingRedis, type Server, startRedis } from '../cache/servers.js'
import type { Observation } from '../observed.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { drive, requestsOf } from './drive.js'
import { missingRabbitMq, type RabbitMq, startRabbitMq } from './rabbitmq.js'
import { waysOf } from './registry.js'

const QUEUES = {
  'amqp-promise': { system: 'rabbitmq', destination: 'amqp-promise' },
  'amqp-callback': { system: 'rabbitmq', destination: 'amqp-callback' },
  // The key of a route is data; the queue behind an exchange is not known to who sends.
  'amqp-confirmed': { system: 'rabbitmq', destination: 'orders' },
  'amqp-unacked': { system: 'rabbitmq', destination: 'orders' },
  'amqp-all': { system: 'rabbitmq', destination: 'orders' },
  // Nobody says when its work is over: when its function returns.
  'amqp-forgotten': { system: 'rabbitmq', destination: 'orders' },
  bull: { system: 'bullmq', destination: 'bull' },
  'bull-bulk': { system: 'bullmq', destination: 'bull-bulk' },
}

describe('brokers: who takes a message links to who sent it', {
  skip: missingRabbitMq() ?? missingRedis() ?? false,
}, () => {
  let postgres: Postgres
  let rabbit: RabbitMq
  let redis: Server
  let seen: Observation
  before(async () => {
    ;[postgres, rabbit, redis] = await Promise.all([startPostgres(), startRabbitMq(), startRedis()])
    const env = {
      PG_URL: postgres.url,
      AMQP_URL: rabbit.url,
      REDIS_PORT: String(redis.port),
      STACKS: join(installed('stacks'), 'package.json'),
      // Keeps every trace.
      HOTPATH_MODE: 'check',
    }
    seen = await drive({
      stack: 'brokers',
      framework: 'hono',
      env,
      ways: waysOf('amqplib', 'bullmq'),
    })
  })
  after(() => Promise.all([postgres.stop(), rabbit.stop(), redis.stop()]))

  for (const [way, { system, destination }] of Object.entries(QUEUES))
    test(`${way}: what a message causes is told below who takes it, each once`, () => {
      const requests = requestsOf(seen, way)
      assert.equal(requests.length, 24)
      for (const request of requests) {
        const n = Number(request.traceId.replace(/^a+/, ''))
        const [send, ...others] = seen.spans.filter(
          span => span.traceId === request.traceId && span.kind === 4,
        )
        assert.ok(send)
        assert.deepEqual(others, [])
        assert.equal(send.parentId, request.spanId)
        assert.equal(send.name, `send ${destination}`)
        assert.equal(send.attributes['messaging.system'], system)
        assert.equal(send.attributes['messaging.destination.name'], destination)
        const [process, ...again] = seen.spans.filter(
          span => span.kind === 5 && span.links[0]?.spanId === send.spanId,
        )
        assert.ok(process, 'somebody took it')
        assert.deepEqual(again, [])
        assert.equal(process.links[0]?.traceId, request.traceId)
        assert.equal(process.name, `process ${destination}`)
        assert.equal(process.parentId, undefined)
        assert.equal(process.status, system === 'bullmq' && n % 5 === 0 ? 2 : 0)
        const [statement, ...more] = seen.spans.filter(span =>
          new RegExp(`\\br${n}_1$`).test(String(span.attributes['db.query.text'])),
        )
        assert.deepEqual(more, [])
        assert.equal(statement?.parentId, process.spanId)
        if (way !== 'amqp-forgotten')
          assert.ok(process.endNs >= statement.endNs, 'it lasts as long as its work')
      }
    })
})
