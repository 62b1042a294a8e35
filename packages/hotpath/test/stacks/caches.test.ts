import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import {
  missingMemcached,
  missingRedis,
  type Server,
  startMemcached,
  startRedis,
} from '../cache/servers.js'
import type { Observation } from '../observed.js'
import { assertSpans, drive } from './drive.js'
import { waysOf } from './registry.js'

const REDIS = waysOf('ioredis', '@redis/client')
const MEMCACHED = waysOf('memjs', 'memcached')

const missing = missingRedis() ?? missingMemcached()

describe('caches: twelve clients over one connection', { skip: missing ?? false }, () => {
  let servers: Server[] = []
  let seen: Observation
  before(async () => {
    servers = await Promise.all([startRedis(), startMemcached()])
    const [redis, memcached] = servers.map(({ port }) => String(port))
    const env = {
      REDIS_PORT: redis ?? '',
      MEMCACHED_PORT: memcached ?? '',
      STACKS: join(installed('stacks'), 'package.json'),
    }
    const ways = [...REDIS, ...MEMCACHED]
    seen = await drive({ stack: 'caches', framework: 'koa', env, ways })
  })
  after(() => Promise.all(servers.map(server => server.stop())))

  for (const way of [...REDIS, ...MEMCACHED])
    test(`${way}: each command once, in its own request, by its name alone`, () => {
      const system = REDIS.includes(way) ? 'redis' : 'memcached'
      // What is no name of a command may be a key.
      const name = way === 'redis-misspelt' ? '_OTHER' : 'GET'
      const commands = assertSpans(seen, way, {
        of: span => span.attributes['db.system.name'] === system,
        names: n => Array.from({ length: (n % 3) + 1 }, () => name),
      })
      for (const { attributes, kind, status } of commands) {
        assert.equal(kind, 3)
        assert.equal(attributes['db.operation.name'], name)
        assert.equal(attributes['db.query.text'], undefined)
        if (REDIS.includes(way)) {
          assert.equal(attributes['server.address'], '127.0.0.1')
          assert.equal(attributes['server.port'], servers[0]?.port)
        }
        assert.equal(status, /fails|misspelt/.test(way) ? 2 : 0)
      }
    })

  test('what no request asked for is counted, and no trace', () => {
    const roots = seen.spans.filter(span => span.parentId === undefined && span.kind !== 2)
    assert.deepEqual(roots, [])
    assert.ok(seen.counted('db.client.operation.duration', { 'db.system.name': 'redis' }) > 0)
  })
})
