import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import { missingRedis, redisCli, startRedisCluster } from '../cache/servers.js'
import type { CollectedSpan } from '../collector.js'
import type { Observation } from '../observed.js'
import { assertSpans, drive } from './drive.js'
import { waysOf } from './registry.js'

const WAYS = waysOf('ioredis, its Cluster', '@redis/client, its cluster')
const [MOVED, ASKED] = ['planted-moved', 'planted-asked']

type Cluster = Awaited<ReturnType<typeof startRedisCluster>>

describe('a cluster of Redis that answers MOVED and ASK', { skip: missingRedis() ?? false }, () => {
  let cluster: Cluster
  let seen: Observation
  let importer: number
  before(async () => {
    cluster = await startRedisCluster()
    importer = migrates(cluster, ASKED)
    const env = {
      MOVED,
      ASKED,
      MOVED_SLOT: slotOf(cluster, MOVED),
      CLUSTER_PORT: String(cluster.ports[0]),
      STACKS: join(installed('stacks'), 'package.json'),
    }
    seen = await drive({ stack: 'redis-cluster', env, ways: WAYS })
  })
  after(() => cluster.stop())

  // A cluster of redis learns anew who has what within the request that waits for it.
  for (const way of WAYS)
    test(`${way}: each command once, failed only where it has failed`, () => {
      const commands = assertSpans(seen, way, {
        of: span =>
          span.attributes['db.system.name'] === 'redis' &&
          !wasSentOn(span) &&
          !(way.startsWith('redis') && span.name === 'CLUSTER'),
        names: n => Array.from({ length: (n % 3) + 1 }, () => 'GET'),
      })
      for (const { attributes, status } of commands) {
        assert.equal(status, way.endsWith('fails') ? 2 : 0)
        assert.equal(attributes['server.address'], '127.0.0.1')
        const port = Number(attributes['server.port'])
        if (way.includes('ask')) assert.equal(port, importer)
        else assert.ok(cluster.ports.includes(port))
      }
    })

  test('a command of redis that was sent on has not failed, and has another beside it', () => {
    const sentOn = seen.spans.filter(wasSentOn)
    assert.ok(sentOn.length > 48, String(sentOn.length))
    for (const { status } of sentOn) assert.equal(status, 0)
  })

  test('the servers have sent commands elsewhere', () => {
    const errors = cluster.ports.map(port => redisCli(port, 'info', 'errorstats')).join('\n')
    assert.match(errors, /errorstat_MOVED:count=\d\d/)
    assert.match(errors, /errorstat_ASK:count=\d\d/)
  })
})

const wasSentOn = ({ attributes }: CollectedSpan): boolean =>
  /^(?:MOVED|ASK)$/.test(String(attributes['db.response.status_code']))

const slotOf = ({ ports: [port = 0] }: Cluster, key: string): string =>
  redisCli(port, 'cluster', 'keyslot', key)

/**
 * From now on who asks for the key, which is not there, is sent to the next server.
 *
 * @returns Its port.
 */
function migrates(cluster: Cluster, key: string): number {
  const { ports } = cluster
  // All others answer MOVED.
  const owner = ports.findIndex(port => redisCli(port, 'get', key) === '')
  const [from = 0, to = 0] = [ports[owner], ports[(owner + 1) % ports.length]]
  const slot = slotOf(cluster, key)
  const id = (port: number) => redisCli(port, 'cluster', 'myid')
  redisCli(to, 'cluster', 'setslot', slot, 'importing', id(from))
  redisCli(from, 'cluster', 'setslot', slot, 'migrating', id(to))
  return to
}
