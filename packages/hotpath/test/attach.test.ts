import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Collector } from './collector.js'
import { type Ending, type Program, run, withoutFrames } from './differential.js'
import { type Postgres, startPostgres } from './postgres.js'

const register = new URL('../dist/register.js', import.meta.url).href
const bundled = new URL('../dist/bundle/register.js', import.meta.url).href

const nodeMajor = Number(process.versions.node.split('.')[0])

let postgres: Postgres
before(async () => {
  postgres = await startPostgres()
})
after(() => postgres.stop())

interface Attached extends Ending {
  readonly collector: Collector
}

/** The same, for a program that asks RELEASE_URL before it ends: the answer comes when `arrived` holds. */
async function attachedUntil(
  arrived: (collector: Collector) => boolean,
  program: Program,
): Promise<Attached> {
  const collector = await Collector.start()
  const gate = createServer((_, response) => {
    void collector.until(arrived).finally(() => response.end())
  })
  await once(gate.listen(0, '127.0.0.1'), 'listening')
  const { port } = gate.address() as AddressInfo
  const env = { ...program.env, RELEASE_URL: `http://127.0.0.1:${port}/` }
  try {
    return await attached({ ...program, env }, ['--import', register], collector)
  } finally {
    gate.close()
    gate.closeAllConnections()
  }
}

/** Runs a program with the recorder attached, until its end, and what arrived. */
async function attached(
  program: Program,
  nodeArgs: readonly string[] = ['--import', register],
  given?: Collector,
): Promise<Attached> {
  const collector = given ?? (await Collector.start())
  const env = {
    DATABASE_URL: postgres.url,
    HOTPATH_ENDPOINT: collector.url,
    HOTPATH_MODE: 'dev',
    HOTPATH_EXIT_MS: '10000',
    ...program.env,
  }
  const ending = await run({ ...program, env }, nodeArgs)
  await collector.close()
  const errors = collector.points.filter(point => point.metric === 'hotpath.recorder.errors')
  assert.deepEqual(errors, [])
  return { ...ending, collector }
}

describe('the recorder is attached', () => {
  test('once, when it is loaded twice, by two copies', async () => {
    const { collector, stdout } = await attached(
      { file: 'attached-once.mjs', env: { NODE_OPTIONS: `--import ${bundled}` } },
      ['--import', register],
    )
    assert.equal(collector.servers().length, 1)
    assert.equal(collector.counted('http.server.request.duration'), 1)
    assert.equal(new Set(collector.spans.map(span => span.resource['service.instance.id'])).size, 1)
    assert.deepEqual(JSON.parse(stdout), { attached: true, signals: [] })
  })

  for (const order of ['before', 'after']) {
    test(`where another tracer wraps servers, loaded ${order} us`, async () => {
      const ours = ['--import', register]
      const theirs = ['--import', new URL('../test/apps/foreign-tracer.mjs', import.meta.url).href]
      const { collector } = await attached(
        { file: 'attached-once.mjs' },
        order === 'before' ? [...theirs, ...ours] : [...ours, ...theirs],
      )
      assert.equal(collector.servers().length, 1)
    })
  }

  // Node 20 itself fails to load pg with such a loader, with us and without.
  if (nodeMajor >= 22) {
    test('to pg that a loader compiled in its own way', async () => {
      const loader = new URL('../test/apps/source-loader.mjs', import.meta.url).href
      const { collector, code } = await attached({ file: 'pg-esm.mjs' }, [
        '--import',
        loader,
        '--import',
        register,
      ])
      assert.equal(code, 0)
      assert.equal(collector.counted('db.client.operation.duration'), 1)
    })
  }

  test('not with HOTPATH_DISABLED', async () => {
    const { collector, stdout } = await attached({
      file: 'attached-once.mjs',
      env: { HOTPATH_DISABLED: '1' },
    })
    assert.equal(collector.requests.length, 0)
    assert.deepEqual(JSON.parse(stdout), { attached: false, signals: [] })
  })

  for (const [title, how] of [
    ['as modules', register],
    ['as the bundle that is published', bundled],
  ] as const) {
    test(`to pg of an ES module, ${title}`, async () => {
      const { collector, code } = await attached({ file: 'pg-esm.mjs' }, ['--import', how])
      assert.equal(code, 0)
      const [request] = collector.servers()
      assert.ok(request)
      const statement = collector.spans.find(span => span.name === 'SELECT')
      assert.equal(statement?.parentId, request.spanId)
      assert.equal(statement?.attributes['db.query.text'], 'select $1::int as a')
      assert.equal(statement?.attributes['db.response.returned_rows'], 1)
      assert.equal(statement?.attributes['code.file.path'], 'test/apps/pg-esm.mjs')
      assert.equal(statement?.attributes['code.line.number'], 7)
      assert.equal(collector.counted('db.client.operation.duration'), 1)
    })
  }
})

describe('the app works as without, and is recorded, in', () => {
  for (const [title, args, threadCode] of [
    ['worker threads', [], 0],
    ['worker threads that exit', ['exit'], 4],
  ] as const) {
    test(title, async () => {
      const program = { file: 'threads.cjs', args, env: { DATABASE_URL: postgres.url } }
      const bare = await run(program, [])
      const { collector, ...ending } = await attachedUntil(
        seen =>
          seen.counted('http.server.request.duration') === 1 &&
          seen.counted('db.client.operation.duration') === 1,
        program,
      )
      assert.equal(ending.stdout, bare.stdout)
      assert.equal(ending.code, bare.code)
      assert.ok(bare.stdout.includes(`thread ${threadCode}`))
      assert.equal(collector.counted('http.server.request.duration'), 1)
      assert.equal(collector.counted('db.client.operation.duration'), 1)
    })
  }

  test('cluster: every process is an instance of its own', async () => {
    const bare = await run({ file: 'cluster.cjs' }, [])
    const { collector, ...ending } = await attached({ file: 'cluster.cjs' })
    assert.equal(ending.stdout, bare.stdout)
    assert.equal(ending.code, bare.code)
    assert.equal(withoutFrames(ending.stderr), withoutFrames(bare.stderr))
    assert.equal(collector.counted('http.server.request.duration', { 'http.route': '/hello' }), 6)
    const processes = collector.points.map(({ resource }) => resource)
    const instances = new Set(processes.map(one => one['service.instance.id']))
    assert.equal(instances.size, new Set(processes.map(one => one['process.pid'])).size)
    assert.ok(instances.size >= 2)
  })
})
