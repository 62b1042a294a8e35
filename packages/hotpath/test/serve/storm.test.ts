import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import type { Config } from '../../dist/config.js'
import { until } from './cached-server.js'
import { CrowdServer } from './crowd-server.js'

const CROWD = 60
const WORK_MS = 20

/** Keeps the event loop. */
function work(): void {
  const endMs = performance.now() + WORK_MS
  while (performance.now() < endMs);
}

/** A config with a stage, and nothing that keeps anybody off. */
const OFF: Config = { routes: { '*': { priority: 'normal' } } }

interface Storm {
  /** Handlers that ran between two looks at what has arrived, at most. */
  readonly mostInTurn: number
  readonly served: number
  readonly refused: number
  /** Of those, with Retry-After. */
  readonly told: number
}

/** As many clients as `CROWD`, whose requests have all arrived when the server looks; so often one after another. */
async function storm(config: Config, waves: number): Promise<Storm> {
  let [inTurn, mostInTurn] = [0, 0]
  await using server = await CrowdServer.start((_, response) => {
    mostInTurn = Math.max(mostInTurn, ++inTurn)
    work()
    response.end('served')
  }, config)
  let isOver = false
  const turn = (): void => {
    inTurn = 0
    if (!isOver) setImmediate(turn)
  }
  turn()
  const clients: Socket[] = []
  for (let n = 0; n < CROWD; n++) {
    const client = connect(server.port, '127.0.0.1')
    clients.push(client)
    await once(client, 'connect')
  }
  let answers = ''
  for (const client of clients) client.on('data', data => void (answers += String(data)))
  const count = (what: RegExp): number => answers.match(what)?.length ?? 0
  for (let wave = 1; wave <= waves; wave++) {
    for (const client of clients) client.write('GET /menu HTTP/1.1\r\nHost: shop\r\n\r\n')
    await until(() => count(/HTTP\/1\.1 /g) === wave * CROWD, 'all answers')
  }
  isOver = true
  for (const client of clients) client.destroy()
  assert.deepEqual(server.caught, [])
  const [served, refused] = [count(/HTTP\/1\.1 200 /g), count(/HTTP\/1\.1 503 /g)]
  return { mostInTurn, served, refused, told: count(/^Retry-After: [123]\r$/gm) }
}

describe('a storm of requests that compute', () => {
  test('holds the event loop up for all of it at once, without us', async () => {
    const { mostInTurn, refused } = await storm(OFF, 1)
    assert.equal(mostInTurn, CROWD)
    assert.equal(refused, 0)
  })

  // Requests that are let in take 20 ms at least, so on a slow machine fewer are: none of these is about time.
  test('with shed: for as many at once as its bound has room for, and the others come back', async () => {
    const seen = await storm({ shed: { loopDelay: '200ms' } }, 2)
    // Ten and the one before that was let in: from the bound on none.
    assert.ok(seen.mostInTurn <= 12, `${seen.mostInTurn} in one turn`)
    assert.ok(seen.served >= 2 && seen.served <= 2 * 12, `${seen.served} served`)
    assert.equal(seen.served + seen.refused, 2 * CROWD)
    assert.equal(seen.told, seen.refused)
  })

  test('with concurrency: for a slice, and no more wait than may', async () => {
    const queue = 10
    const concurrency = { limit: 2, queue, queueTime: '10s' } as const
    const seen = await storm({ routes: { '*': { concurrency } } }, 2)
    // One uses up the slice; the next ones run once all that has arrived was read.
    assert.ok(seen.mostInTurn <= 2, `${seen.mostInTurn} in one turn`)
    assert.ok(seen.served >= 2 && seen.served <= 2 * (queue + 2), `${seen.served} served`)
    assert.equal(seen.served + seen.refused, 2 * CROWD)
    assert.equal(seen.told, seen.refused)
  })
})

describe('a storm of requests that keep memory', () => {
  const REQUESTS = 300
  const MEGABYTE = 2 ** 20

  /** How many were let in: each keeps a megabyte for as long as the storm lasts. */
  async function kept(config: Config): Promise<{ kept: number; told: number }> {
    const held: Buffer[] = []
    await using server = await CrowdServer.start((_, response) => {
      held.push(Buffer.alloc(MEGABYTE, 1))
      // The app waits for something: meanwhile memory is looked at.
      setTimeout(() => response.end('served'), 20)
    }, config)
    let [asked, told] = [0, 0]
    const lane = async (): Promise<void> => {
      while (asked++ < REQUESTS) {
        const answer = await fetch(`${server.url}/menu`)
        await answer.text()
        if (answer.status === 503 && answer.headers.has('retry-after')) told++
      }
    }
    await Promise.all([lane(), lane(), lane(), lane()])
    assert.deepEqual(server.caught, [])
    return { kept: held.length, told }
  }

  test('with shed stays under its cap', async () => {
    const { rss, heapTotal, heapUsed } = process.memoryUsage()
    const room = 150
    const memory = `${Math.ceil((rss - heapTotal + heapUsed) / MEGABYTE) + room}mb`
    const seen = await kept({ shed: { memory } })
    // From three quarters of the cap on some are sent away, from all of it nineteen of twenty; twenty come between
    // two looks at memory.
    assert.ok(seen.kept > 0 && seen.kept <= room + 50, `${seen.kept} MB were kept`)
    assert.equal(seen.kept + seen.told, REQUESTS)
  })

  test('without shed keeps all of it (last: what it leaves behind would count as used)', async () => {
    assert.deepEqual(await kept(OFF), { kept: REQUESTS, told: 0 })
  })
})
