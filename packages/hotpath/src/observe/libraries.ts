import { contained } from '../trace/counts.js'
import { observeAmqplib } from './amqplib.js'
import { observeBullmq } from './bullmq.js'
import { observeExpress } from './express.js'
import { observeExpressJson } from './express-json.js'
import { observeFastify } from './fastify.js'
import { observeGraphql } from './graphql.js'
import { observeHono } from './hono.js'
import { observeHttpClient } from './http-client.js'
import { observeIoredis } from './ioredis.js'
import { observeJest } from './jest.js'
import { observeKoaRouter } from './koa-router.js'
import { observeMemcached } from './memcached.js'
import { observeOpenTelemetry } from './opentelemetry.js'
import { observePQueue } from './p-queue.js'
import { observeRedis } from './redis.js'
import { observeUndici } from './undici.js'

/** Watches every library we know; none is loaded by this, and one that fails leaves the others. */
export function observeLibraries(): void {
  contained('observe.express', observeExpress)
  contained('observe.express', observeExpressJson)
  contained('observe.fastify', observeFastify)
  contained('observe.koa-router', observeKoaRouter)
  contained('observe.hono', observeHono)
  contained('observe.http-client', observeHttpClient)
  contained('observe.undici', observeUndici)
  contained('observe.ioredis', observeIoredis)
  contained('observe.redis', observeRedis)
  contained('observe.p-queue', observePQueue)
  contained('observe.memcached', observeMemcached)
  contained('observe.amqplib', observeAmqplib)
  contained('observe.bullmq', observeBullmq)
  contained('observe.graphql', observeGraphql)
  contained('observe.jest', observeJest)
  contained('observe.opentelemetry', observeOpenTelemetry)
}
