import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type {
  OpenWrite,
  Presence,
  VersionsRead,
  VersionStore,
} from '../../../dist/config/version-store.js'
import { redisStore } from '../../../dist/drivers/redis.js'
import { missingRedis, redisCli, type Server, startRedis } from '../../cache/servers.js'

const SYSTEM = '77'
const names = ['*', 'pg:77/5', 'pg:77/5:menu']

/** What the shared versions promise, whoever calls them when: on a real Redis, by both kinds of clients. */
for (const kind of ['redis', 'ioredis'] as const)
  describe(`shared versions over ${kind}`, { skip: missingRedis() }, () => {
    let server: Server
    let versions: VersionStore
    let close: () => void
    before(async () => {
      server = await startRedis()
      if (kind === 'redis') {
        const client = createClient({ url: `redis://127.0.0.1:${server.port}` })
        client.on('error', () => {})
        await client.connect()
        versions = redisStore(client).versions
        close = () => client.destroy()
      } else {
        const client = new Redis(server.port, '127.0.0.1')
        client.on('error', () => {})
        versions = redisStore(client).versions
        close = () => client.disconnect()
      }
    })
    after(async () => {
      close?.()
      await server?.stop()
    })
    beforeEach(() => {
      // The server is known, so that it need not rest first; else all is empty.
      const info = redisCli(server.port, 'info', 'server')
      redisCli(server.port, 'flushall')
      const run = /run_id:(\w+)/.exec(info)?.[1] ?? ''
      redisCli(server.port, 'set', '{hotpath:strict}:run', run)
    })

    const read = (): Promise<VersionsRead> => versions.read({ names, systems: [SYSTEM] })
    const keep = (instance: string, more: Partial<Presence> = {}) =>
      versions.keep({
        instance,
        systems: [SYSTEM],
        untilMs: 0,
        lastN: 0,
        open: [],
        owed: [],
        ...more,
      })
    const of = (instances: readonly string[]) =>
      instances.map((instance, i) => ({ instance, pid: i + 1 }))
    /** Somebody has just looked, and saw sessions of these. */
    const look = async (instances: readonly string[], forMs = 60_000) => {
      const { nowMs } = await keep('looker')
      await versions.sighted({
        system: SYSTEM,
        startedMs: nowMs,
        untilMs: nowMs + forMs,
        sessions: of(instances),
      })
    }
    /** It is there, and says so. */
    const alive = async (instance: string, more: Partial<Presence> = {}) => {
      const { nowMs } = await keep('looker')
      await keep(instance, { untilMs: nowMs + 60_000, ...more })
      await look([instance])
    }
    const write = (n: number): OpenWrite => ({ n, system: SYSTEM, names: ['pg:77/5:menu'] })

    test('a version is there once it was asked for, and stays until it is renewed', async () => {
      await alive('a')
      const first = await read()
      assert.equal(first.obstacle, '')
      assert.equal(first.versions.includes(undefined), false)
      assert.deepEqual((await read()).versions, first.versions)
      await versions.renew(['pg:77/5:menu'])
      const second = (await read()).versions
      assert.deepEqual(second.slice(0, 2), first.versions.slice(0, 2))
      assert.notEqual(second[2], first.versions[2])
    })

    test('what is marked has no version, until it is settled, and then another', async () => {
      await alive('a')
      const [, , first] = (await read()).versions
      await versions.mark('a', write(1))
      assert.equal((await read()).versions[2], undefined)
      await versions.settle('a', write(1))
      const [, , second] = (await read()).versions
      assert.ok(second !== undefined && second !== first)
    })

    test('two marks on one tag: it has no version until both are settled', async () => {
      await alive('a')
      await versions.mark('a', write(1))
      await versions.mark('b', write(1))
      await versions.mark('b', write(1))
      await versions.settle('a', write(1))
      assert.equal((await read()).versions[2], undefined)
      await versions.settle('b', write(1))
      assert.ok((await read()).versions[2] !== undefined)
    })

    test('nobody has looked at the sessions lately: an obstacle', async () => {
      const { nowMs } = await keep('a')
      await keep('a', { untilMs: nowMs + 60_000 })
      assert.equal((await read()).obstacle, 'unwatched')
      await look(['a'])
      assert.equal((await read()).obstacle, '')
    })

    test('who has marked and has no lease is an obstacle, until it has one', async () => {
      await alive('a')
      await versions.mark('b', write(1))
      await versions.settle('b', write(1))
      assert.equal((await read()).obstacle, 'lapsed')
      const { nowMs } = await keep('looker')
      await keep('b', { untilMs: nowMs + 60_000 })
      assert.equal((await read()).obstacle, '')
    })

    test('whose lease has ended and who has a session is an obstacle; nobody knows what it writes', async () => {
      await alive('a')
      const { nowMs } = await keep('looker')
      await keep('b', { untilMs: nowMs - 1 })
      assert.equal((await read()).obstacle, 'lapsed')
      await look(['a', 'b'], 70_000)
      assert.equal((await read()).obstacle, 'lapsed')
    })

    test('a session of one that never came to the store is an obstacle', async () => {
      await alive('a')
      await look(['a', 'stranger'], 70_000)
      assert.equal((await read()).obstacle, 'lapsed')
    })

    test('without lease and without session it is forgotten: its marks go, and all versions are new', async () => {
      await alive('a')
      const before = (await read()).versions
      const { nowMs } = await keep('looker')
      await keep('b', { untilMs: nowMs - 1, open: [write(1)], lastN: 1 })
      assert.equal((await read()).versions[2], undefined)
      await look(['a'], 70_000)
      const { obstacle, versions: now } = await read()
      assert.equal(obstacle, '')
      assert.notEqual(now[0], before[0])
      assert.ok(now[2] !== undefined && now[2] !== before[2])
    })

    test('a look that began before a lease ended forgets nobody', async () => {
      await alive('a')
      const { nowMs } = await keep('looker')
      await keep('b', { untilMs: nowMs + 1 })
      for (let now = nowMs; now <= nowMs + 1; ) ({ nowMs: now } = await keep('looker'))
      const startedMs = nowMs
      await versions.sighted({
        system: SYSTEM,
        startedMs,
        untilMs: nowMs + 90_000,
        sessions: of(['a']),
      })
      assert.equal((await read()).obstacle, 'lapsed')
    })

    test('a look that is older than the last one counts for nothing', async () => {
      await alive('a')
      await look(['a', 'b'], 70_000)
      const { nowMs } = await keep('looker')
      await versions.sighted({
        system: SYSTEM,
        startedMs: nowMs - 5_000,
        untilMs: nowMs + 65_000,
        sessions: of(['a']),
      })
      assert.equal((await read()).obstacle, 'lapsed')
    })

    test('a lease comes with the marks of all that is open, and with what was owed', async () => {
      await alive('a')
      const before = (await read()).versions
      const { nowMs } = await keep('looker')
      await keep('a', { untilMs: nowMs + 90_000, open: [write(1)], lastN: 1, owed: ['pg:77/5'] })
      const now = (await read()).versions
      assert.notEqual(now[1], before[1])
      assert.equal(now[2], undefined)
    })

    test('a mark that came late, after its write was settled, goes with the next lease', async () => {
      await alive('a')
      await versions.settle('a', write(1))
      await versions.mark('a', write(1))
      await keep('a', { lastN: 1 })
      assert.ok((await read()).versions[2] !== undefined)
    })

    test('a lease that comes late takes no mark away that is younger', async () => {
      await alive('a')
      await versions.mark('a', write(2))
      await keep('a', { lastN: 1 })
      assert.equal((await read()).versions[2], undefined)
    })

    test('a lease that comes late is not longer for it', async () => {
      await alive('a')
      const { nowMs } = await keep('looker')
      await keep('b', { untilMs: nowMs - 500 })
      assert.equal((await read()).obstacle, 'lapsed')
    })

    test('a server that lost its data, or is another, is not trusted at first, and no version is an old one', async () => {
      await alive('a')
      const before = (await read()).versions
      redisCli(server.port, 'set', '{hotpath:strict}:run', 'another')
      const { obstacle, versions: now } = await read()
      assert.equal(obstacle, 'restarted')
      assert.notEqual(now[0], before[0])
      redisCli(server.port, 'flushall')
      assert.equal((await read()).obstacle === '', false)
    })

    test('each is told when somebody looked last, and which of its sessions were seen', async () => {
      const { nowMs } = await keep('looker')
      const sessions = [...of(['a', 'b']), { instance: 'a', pid: 9 }]
      await versions.sighted({ system: SYSTEM, startedMs: nowMs, untilMs: nowMs + 1, sessions })
      const [seen] = (await keep('a')).systems
      assert.deepEqual(seen, { watchedUntilMs: nowMs + 1, lookedMs: nowMs, pids: [1, 9] })
      assert.deepEqual((await keep('c')).systems[0]?.pids, [])
    })

    test('who marked everything, wherever it writes, and never came again is forgotten half a minute later', async () => {
      const all = { n: 1, system: '?', names: ['*'] }
      const marks = [
        () => versions.mark('gone', all),
        () => keep('gone', { systems: ['?'], lastN: 1, open: [all] }),
      ]
      for (const mark of marks) {
        await alive('a')
        await mark()
        const wherever = '{hotpath:strict}:l:?'
        const markedMs = Number(redisCli(server.port, 'zscore', wherever, 'gone'))
        assert.ok(markedMs > 0, 'nothing tells when it was there')
        await keep('a')
        assert.equal((await read()).versions[0], undefined)
        // As if it had been so long ago.
        redisCli(server.port, 'zadd', wherever, String(markedMs - 30_001), 'gone')
        await keep('a')
        assert.notEqual((await read()).versions[0], undefined)
      }
    })

    test('who marked with its first word, and was killed before it had a lease, is forgotten by a look at sessions', async () => {
      await alive('a')
      await keep('gone', { lastN: 1, open: [write(1)] })
      assert.equal((await read()).versions[2], undefined)
      await look(['a'], 70_000)
      assert.notEqual((await read()).versions[2], undefined)
    })

    test('a replica is not trusted', async () => {
      await alive('a')
      redisCli(server.port, 'replicaof', '127.0.0.1', '1')
      const { obstacle } = await read()
      redisCli(server.port, 'replicaof', 'no', 'one')
      assert.equal(obstacle, 'replica')
    })
  })
