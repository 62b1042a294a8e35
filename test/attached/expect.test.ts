import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgresWith } from '../postgres.js'
import { type Ended, Program, register } from '../processes/program.js'
import { root } from '../places.js'
import { installed } from '../run/company.js'
import { Sample, sampleSql } from '../samples/sample.js'

/** Prints what each assertion came to; `list` is a loop of eight, `street` one statement. */
const script = (load: string): string => `
${load}
const pool = new Pool({ connectionString: process.env.DATABASE_URL })
const street = id => pool.query('select street from addresses where user_id = $1', [id])
const list = async () => {
  const rows = []
  for (let id = 1; id <= 8; id++)
    rows.push((await street(id)).rows[0])
  return rows
}
const say = async (name, promise) =>
  console.log(name, JSON.stringify(await promise.then(
    result => ({ result }),
    error => ({ error: error.name, code: error.code, message: error.message, operator: error.operator }))))
const main = async () => {
  await say('one', expectNoNPlusOne(async () => (await street(3)).rows[0].street))
  await say('loop', expectNoNPlusOne(list))
  await say('allowed', expectNoNPlusOne(async () => (await list()).length, { calls: 9 }))
  await say('nothing', expectNoNPlusOne(() => 7))
  await say('throws', expectNoNPlusOne(async () => { await list(); throw new RangeError('own') }))
  await say('two', expectQueries(async () => { await street(1); await street(2); return 'ok' }, { max: 2 }))
  await say('most', expectQueries(async () => { await street(1); await street(2) }, { max: 1 }))
  await say('beside', Promise.all([expectNoNPlusOne(() => street(1)), expectNoNPlusOne(list).catch(() => 'loop')])
    .then(([, other]) => other))
  await pool.end()
}
main()
`

type Said = Readonly<Record<string, { result?: unknown; [key: string]: unknown }>>

const said = ({ stdout }: Ended): Said =>
  Object.fromEntries(
    [...stdout.matchAll(/^(\w+) (\{.*\})$/gm)].map(([, name = '', json = '']) => [
      name,
      JSON.parse(json) as Said[string],
    ]),
  )

describe('expectNoNPlusOne and expectQueries', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgresWith(sampleSql)))
  after(() => postgres.stop())

  const run = async (sample: Sample, args: readonly string[], env = {}): Promise<Ended> => {
    await using program = Program.node(args, {
      cwd: sample.directory,
      env: { DATABASE_URL: postgres.url, ...env },
    })
    return await program.ended
  }

  const loads: readonly (readonly [title: string, file: string, load: string])[] = [
    [
      'in an ES module',
      'run.mjs',
      "import { Pool } from 'pg'\nimport { expectNoNPlusOne, expectQueries } from 'hotpath/test'",
    ],
    [
      'in CommonJS, after pg',
      'run.cjs',
      "const { Pool } = require('pg')\nconst { expectNoNPlusOne, expectQueries } = require('hotpath/test')",
    ],
  ]
  for (const [title, file, load] of loads)
    test(`${title}, with nothing else set up and no console`, async () => {
      using sample = new Sample('loop')
      sample.write(file, script(load))
      const ended = await run(sample, [file])
      const { one, loop, allowed, nothing, throws, two, most, beside } = said(ended)
      assert.equal(ended.code, 0, ended.stderr)
      assert.deepEqual(one, { result: 'street 3' })
      assert.deepEqual(loop, {
        error: 'AssertionError',
        code: 'ERR_ASSERTION',
        message: `8 calls of one statement, 8 different parameters, from ${file}:5:\n  select street from addresses where user_id = $1`,
        operator: 'expectNoNPlusOne',
      })
      assert.deepEqual(allowed, { result: 8 })
      assert.equal(nothing?.['code'], 'HOTPATH_TEST_NOTHING')
      assert.equal(throws?.['message'], 'own')
      assert.deepEqual(two, { result: 'ok' })
      assert.match(
        String(most?.['message']),
        /^2 statements, at most 1 expected:\n {2}select street/,
      )
      assert.deepEqual(beside, { result: 'loop' })
    })

  test('the statements of requests to servers of the process count, also of supertest and inject', async () => {
    using sample = new Sample('loop')
    sample.write(
      'run.mjs',
      `
      import { Pool } from 'pg'
      import fastify from 'fastify'
      import { expectNoNPlusOne } from 'hotpath/test'
      const pool = new Pool({ connectionString: process.env.DATABASE_URL })
      const app = fastify()
      app.get('/users', async () => {
        for (let id = 1; id <= 8; id++)
          await pool.query('select street from addresses where user_id = $1', [id])
        return 'ok'
      })
      const url = await app.listen({ port: 0 })
      for (const ask of [() => fetch(url + '/users'), () => app.inject('/users')])
        await expectNoNPlusOne(ask).then(() => console.log('silent'), error => console.log(error.message))
      await app.close()
      await pool.end()`,
    )
    const { code, stdout, stderr } = await run(sample, ['run.mjs'])
    assert.equal(code, 0, stderr)
    const line = '8 calls of one statement, 8 different parameters, from run.mjs:9:'
    assert.deepEqual(stdout.match(/^8 .*$/gm), [line, line])
  })

  test('one within another: both count, also after the inner one was done', async () => {
    using sample = new Sample('loop')
    sample.write(
      'run.mjs',
      `
      import { createServer } from 'node:http'
      import { Pool } from 'pg'
      import { expectNoNPlusOne, expectQueries } from 'hotpath/test'
      const pool = new Pool({ connectionString: process.env.DATABASE_URL })
      const street = id => pool.query('select street from addresses where user_id = $1', [id])
      const three = async () => { for (let id = 1; id <= 3; id++) await street(id) }
      const server = createServer((request, response) => three().then(() => response.end('ok')))
      await new Promise(done => server.listen(0, done))
      const ask = () => fetch('http://127.0.0.1:' + server.address().port).then(answer => answer.text())
      const say = (name, promise) =>
        promise.then(() => console.log(name, 'silent'), error => console.log(name, error.message.split(':')[0]))
      const inner = work => () => expectNoNPlusOne(work)
      await say('all', expectQueries(inner(three), { max: 1 }))
      await say('allowed', expectQueries(inner(three), { max: 3 }))
      await say('own', expectQueries(async () => { await street(9); await inner(three)() }, { max: 3 }))
      await say('thrice', expectQueries(inner(inner(three)), { max: 2 }))
      await say('requests', expectQueries(inner(ask), { max: 2 }))
      await say('loop', expectNoNPlusOne(async () => {
        for (let id = 1; id <= 5; id++) await expectQueries(() => street(id), { max: 1 })
      }))
      await say('inner', expectQueries(() => expectQueries(three, { max: 2 }), { max: 9 }))
      let left
      await say('short', expectQueries(async () => {
        await street(1)
        left = say('longer', expectQueries(three, { max: 2 }))
      }, { max: 9 }))
      await left
      await say('after', expectQueries(() => street(1), { max: 1 }))
      server.closeAllConnections()
      server.close()
      await pool.end()`,
    )
    const { code, stdout, stderr } = await run(sample, ['run.mjs'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(stdout.trim().split('\n'), [
      'all 3 statements, at most 1 expected',
      'allowed silent',
      'own 4 statements, at most 3 expected',
      'thrice 3 statements, at most 2 expected',
      'requests 3 statements, at most 2 expected',
      'loop 5 calls of one statement, 5 different parameters, from run.mjs',
      'inner 3 statements, at most 2 expected',
      'short silent',
      'longer 3 statements, at most 2 expected',
      'after silent',
    ])
  })

  test('writes in a loop are told beside a transaction of another connection, and not within one', async () => {
    using sample = new Sample('loop')
    sample.write(
      'run.mjs',
      `
      import { Pool } from 'pg'
      import { expectNoNPlusOne } from 'hotpath/test'
      const pool = new Pool({ connectionString: process.env.DATABASE_URL })
      const [one, other] = [await pool.connect(), await pool.connect()]
      await pool.query('create table notes (n int)')
      const writes = async (client, n = 6) => {
        for (let i = 1; i <= n; i++) await client.query('insert into notes values ($1)', [i])
      }
      const within = async (client, work) => {
        await client.query('begin')
        await work()
        await client.query('commit')
      }
      const say = (name, fn) =>
        expectNoNPlusOne(fn).then(() => console.log(name, 'silent'), error => console.log(name, error.name))
      await say('alone', () => writes(one))
      await say('beside', () => within(other, () => writes(one)))
      await say('within', () => within(one, () => writes(one)))
      await say('within, and another', () => within(other, () => within(one, () => writes(one))))
      await say('ended by another', async () => {
        await one.query('begin')
        await within(other, () => writes(one, 3))
        await writes(one)
        await one.query('commit')
      })
      await say('two', () => within(one, () => within(other, () => Promise.all([writes(one), writes(other)]))))
      const clients = [one, other, await pool.connect(), await pool.connect(), await pool.connect()]
      const each = n =>
        n < 5 ? within(clients[n], async () => { await clients[n].query('insert into notes values ($1)', [n]); await each(n + 1) }) : undefined
      await say('one each', () => each(0))
      for (const client of clients) client.release()
      await pool.end()`,
    )
    const { code, stdout, stderr } = await run(sample, ['run.mjs'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(stdout.trim().split('\n'), [
      'alone AssertionError',
      'beside AssertionError',
      'within silent',
      'within, and another silent',
      'ended by another silent',
      'two silent',
      'one each AssertionError',
    ])
  })

  test('in jest, with the recorder attached from outside; without it they say so', async () => {
    using sample = new Sample('loop', join(installed('runners'), 'node_modules'))
    // As installed: jest looks for it beside the app.
    const ours = join(root, 'packages', 'hotpath', 'dist', 'bundle', 'test.cjs')
    sample.test(
      'app.test.js',
      `
      const { expectNoNPlusOne } = require('${ours}')
      const { Pool } = require('pg')
      const equal = (got, expected) => expect(got).toBe(expected)
      const start = async () => ({ url: 'data:application/json,[1,2,3,4,5,6,7,8]?', close() {} })
      test('a loop', async () => {
        const pool = new Pool({ connectionString: process.env.DATABASE_URL })
        try {
          await expectNoNPlusOne(async () => {
            for (let id = 1; id <= 8; id++)
              await pool.query('select street from addresses where user_id = $1', [id])
          })
        } finally {
          await pool.end()
        }
      })`,
    )
    const jest = [join('node_modules', 'jest', 'bin', 'jest.js'), '--testNamePattern', 'loop']
    const attached = await run(sample, jest, { NODE_OPTIONS: `--import=${register}` })
    assert.match(
      attached.stderr,
      /8 calls of one statement, 8 different parameters, from app\.test\.js:11:/,
    )
    const alone = await run(sample, jest)
    assert.match(alone.stderr, /expectNoNPlusOne: the recorder is not attached here\./)
  })
})
