import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgresWith } from '../postgres.js'
import { type Ended, hotpathBin, Program } from '../processes/program.js'
import { Sample, sampleSql } from '../samples/sample.js'

/** As a baseline has it: no line, no path, no time. */
const known = {
  id: 'c6f31267',
  kind: 'n-plus-one',
  route: 'GET /users',
  subject: 'select street from addresses where user_id = $1',
}

describe('hotpath check', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgresWith(sampleSql)))
  after(() => postgres.stop())

  /** `hotpath check FLAGS -- COMMAND` in a sample, as a user types it. */
  const check = async (
    sample: Sample,
    flags: readonly string[] = [],
    command: readonly string[] = ['npm', 'test', '--silent'],
    env: Record<string, string> = {},
  ): Promise<Ended> => {
    await using program = Program.node([hotpathBin, 'check', ...flags, '--', ...command], {
      cwd: sample.directory,
      env: { DATABASE_URL: postgres.url, GITHUB_ACTIONS: '', ...env },
    })
    return await program.ended
  }

  test('fails on a loop of queries, names statement, file and line, and passes when it is mended', async () => {
    using sample = new Sample('loop')
    const failed = await check(sample)
    assert.equal(failed.code, 1, failed.stdout + failed.stderr)
    assert.match(failed.stdout, /1 new finding\./)
    assert.match(failed.stdout, /8 queries in a loop/)
    assert.match(failed.stdout, /GET \/users · app\.js:10\n/)
    assert.match(failed.stdout, /select street from addresses where user_id = \$1\n/)
    assert.match(failed.stdout, /pass 1/)
    assert.ok(!existsSync(join(sample.directory, '.hotpath')), 'it leaves nothing behind')
    sample.become('fixed')
    const passed = await check(sample)
    assert.equal(passed.code, 0, passed.stdout + passed.stderr)
    assert.match(passed.stdout, /1 request · 1 route · 2 statements\n {2}Nothing new\./)
  })

  test('fails on a result of a megabyte in one request, with its statement, and on none just below', async () => {
    using sample = new Sample('fixed')
    const app = readFileSync(join(sample.directory, 'app.js'), 'utf8')
    const first = "  const { rows: users } = await pool.query('select id from users')"
    const bringing = (size: number) =>
      sample.write(
        'app.js',
        app.replace(
          first,
          `${first}\n  await pool.query("select repeat('x', ${size}) as picture")`,
        ),
      )
    bringing(1_000_000)
    const failed = await check(sample)
    assert.equal(failed.code, 1, failed.stdout + failed.stderr)
    assert.match(failed.stdout, /A result of 1\sMB/)
    assert.match(failed.stdout, /GET \/users · app\.js:8\n/)
    assert.match(failed.stdout, /select repeat\(/)
    bringing(990_000)
    const passed = await check(sample)
    assert.equal(passed.code, 0, passed.stdout + passed.stderr)
  })

  test('passes on what the baseline knows, and says when that is gone', async () => {
    using sample = new Sample('loop')
    const path = join(sample.directory, 'hotpath-baseline.json')
    const updated = await check(sample, ['--update-baseline'])
    assert.equal(updated.code, 0, updated.stderr)
    const text = readFileSync(path, 'utf8')
    assert.equal(
      text,
      `{\n  "version": 1,\n  "findings": [\n    ${JSON.stringify(known)}\n  ]\n}\n`,
    )
    const passed = await check(sample)
    assert.equal(passed.code, 0, passed.stdout)
    assert.match(passed.stdout, /Nothing new \(1 known\)\./)
    sample.become('fixed')
    const mended = await check(sample)
    assert.equal(mended.code, 0)
    assert.match(mended.stdout, /1 finding of the baseline did not show: mended, or not tested/)
    assert.equal((await check(sample, ['--update-baseline'])).code, 0)
    assert.equal(readFileSync(path, 'utf8'), '{\n  "version": 1,\n  "findings": []\n}\n')
  })

  test('a baseline that cannot be read is told before the suite runs', async () => {
    using sample = new Sample('loop')
    sample.write('hotpath-baseline.json', '{"version": 2, "findings": []}')
    const { code, stdout, stderr } = await check(sample)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(
      stderr,
      /hotpath-baseline\.json cannot be used: it has the version 2, known is 1\./,
    )
  })

  test('says before the suite runs what is wrong with a baseline, or with its place', async () => {
    using sample = new Sample('loop')
    for (const [text, said] of [
      ['null', /hotpath-baseline\.json cannot be used: it holds no object\./],
      ['<<<<<<< HEAD', /is not valid JSON/],
      ['{"version":1,"findings":[{"id":"c6f31267"}]}', /objects with id, kind, route and subject/],
    ] as const) {
      sample.write('hotpath-baseline.json', text)
      const { code, stdout, stderr } = await check(sample)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, said)
    }
    const flags = ['--update-baseline', '--baseline', 'gone/baseline.json']
    const { code, stdout, stderr } = await check(sample, flags)
    assert.deepEqual([code, stdout], [2, ''], 'the suite has not run')
    assert.match(stderr, /The baseline baseline\.json cannot be used: ENOENT/)
  })

  test('takes a baseline as editors of Windows save it', async () => {
    using sample = new Sample('loop')
    const text = `\ufeff${JSON.stringify({ version: 1, findings: [known] })}\r\n`
    sample.write('hotpath-baseline.json', text)
    const { code, stdout, stderr } = await check(sample)
    assert.equal(code, 0, stdout + stderr)
  })

  test('run twice at the same time, writes one baseline that holds', async () => {
    using sample = new Sample('loop')
    const both = await Promise.all([0, 1].map(() => check(sample, ['--update-baseline'])))
    assert.deepEqual(
      both.map(({ code }) => code),
      [0, 0],
    )
    assert.equal((await check(sample)).code, 0)
    assert.deepEqual(
      readdirSync(sample.directory).filter(name => name.includes('baseline')),
      ['hotpath-baseline.json'],
    )
  })

  test('counts a comment for one that runs in a folder of the app', async () => {
    using sample = new Sample('loop')
    const app = readFileSync(join(sample.directory, 'app.js'), 'utf8')
    const call = '    const { rows } = await pool.query('
    sample.write('app.js', app.replace(call, `    // hotpath-ignore n-plus-one: eight\n${call}`))
    const suite = ['sh', '-c', 'cd .. && node --test']
    mkdirSync(join(sample.directory, 'test'))
    await using program = Program.node([hotpathBin, 'check', '--', ...suite], {
      cwd: join(sample.directory, 'test'),
      env: { DATABASE_URL: postgres.url, GITHUB_ACTIONS: '' },
    })
    const { code, stdout, stderr } = await program.ended
    assert.equal(code, 0, stdout + stderr)
  })

  test('ends as a suite that fails: its code, whatever was found, and no baseline of half a run', async () => {
    using sample = new Sample('loop')
    const suite = ['sh', '-c', 'node --test; exit 7']
    const { code, stdout, stderr } = await check(sample, ['--update-baseline'], suite)
    assert.equal(code, 7)
    assert.match(stdout, /8 queries in a loop/)
    assert.match(stderr, /the command failed with 7, and so does check; hotpath-baseline\.json was/)
    assert.ok(!existsSync(join(sample.directory, 'hotpath-baseline.json')))
    const killed = await check(sample, [], ['sh', '-c', 'kill -TERM $$'])
    assert.equal(killed.signal, 'SIGTERM')
    const missing = await check(sample, [], ['./no-such-command'])
    assert.equal(missing.code, 127)
  })

  test('fails with 2 when nothing was recorded: a gate that sees nothing must not pass', async () => {
    using sample = new Sample('loop')
    const { code, stderr } = await check(sample, [], ['node', '-e', '0'])
    assert.equal(code, 2)
    assert.match(stderr, /no request was recorded, so nothing was judged\./)
  })

  test('fails on a request over the budget of its route', async () => {
    using sample = new Sample('fixed')
    const budget = (routes: object) =>
      sample.write('hotpath.config.json', JSON.stringify({ routes }))
    budget({ 'GET /users': { maxStatements: 1 }, 'GET /orders': { maxMs: 5 } })
    const failed = await check(sample)
    assert.equal(failed.code, 1, failed.stderr)
    assert.match(failed.stdout, /1 budget exceeded\./)
    assert.match(failed.stdout, /2 statements in one request; the budget \(maxStatements\) is 1\./)
    assert.match(failed.stdout, /GET \/orders has a budget, and no request was of it\./)
    budget({ 'GET /users': { maxStatements: 2, maxMs: 60_000 } })
    assert.equal((await check(sample)).code, 0)
    budget({ '*': { maxMs: 0.001 } })
    const slow = await check(sample)
    assert.equal(slow.code, 1)
    assert.match(slow.stdout, /for the request in the middle of 1; the budget \(maxMs\) is 1/)
    budget({ 'GET /users': { maxStatement: 2 } })
    const misspelt = await check(sample)
    assert.deepEqual([misspelt.code, misspelt.stdout], [2, ''])
    assert.match(misspelt.stderr, /Did you mean "routes\.GET \/users\.maxStatements"\?/)
  })

  test('annotates a pull request, with the file as the clone has it', async () => {
    using sample = new Sample('loop')
    const { code, stdout } = await check(sample, [], undefined, {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: join(sample.directory, '..'),
    })
    assert.equal(code, 1)
    const folder = sample.directory.split('/').at(-1)
    const [annotation] = stdout.split('\n').filter(line => line.startsWith('::error '))
    assert.equal(
      annotation,
      `::error file=${folder}/app.js,line=10,title=8 queries in a loop · GET /users::8 calls of one statement, 8 different parameters, one after another.%0Aselect street from addresses where user_id = $1%0AKnown on purpose? hotpath-baseline.json takes it as ${known.id}.`,
    )
    const [, token] = /::stop-commands::(\S+)\n/.exec(stdout) ?? []
    assert.ok(token && stdout.indexOf(`::${token}::\n`) < stdout.indexOf('::error '))
  })

  test('gives JSON on stdout alone', async () => {
    using sample = new Sample('loop')
    const { code, stdout, stderr } = await check(sample, ['--json'])
    assert.equal(code, 1)
    assert.match(stderr, /pass 1/)
    const report = JSON.parse(stdout) as Record<string, unknown> & {
      new: { id: string; where: object }[]
    }
    assert.deepEqual(report['command'], { code: 0, signal: null })
    assert.deepEqual(
      report.new.map(({ id, where }) => ({ id, where })),
      [{ id: known.id, where: { file: 'app.js', line: 10, function: 'list' } }],
    )
  })

  test('passes on what a comment at the call ignores, and on what the config does until a day', async () => {
    using sample = new Sample('loop')
    const app = readFileSync(join(sample.directory, 'app.js'), 'utf8')
    const call = '    const { rows } = await pool.query('
    sample.write('app.js', app.replace(call, `    // hotpath-ignore n-plus-one: eight\n${call}`))
    const passed = await check(sample)
    assert.equal(passed.code, 0, passed.stdout + passed.stderr)
    assert.match(passed.stdout, /Nothing new \(1 ignored\)\./)
    sample.become('loop')
    const until = (day: string) =>
      sample.write(
        'hotpath.console.config.json',
        JSON.stringify({ findings: { ignore: [{ id: known.id, reason: 'known', until: day }] } }),
      )
    until('2999-12-31')
    assert.equal((await check(sample)).code, 0)
    until('2020-01-01')
    const over = await check(sample)
    assert.equal(over.code, 1)
    assert.match(over.stdout, /It was ignored until 2020-01-01, which is over: known/)
  })

  test('sees requests that Fastify injects', async () => {
    using sample = new Sample('loop')
    sample.write(
      'app.test.js',
      `
      const { test } = require('node:test')
      const { equal } = require('node:assert')
      const { Pool } = require('pg')
      test('injected', async () => {
        const pool = new Pool({ connectionString: process.env.DATABASE_URL })
        const app = require('fastify')()
        app.addHook('preHandler', async () => void (await pool.query('select 1 as hooked')))
        app.get('/users/:id', async () => {
          for (let id = 1; id < 9; id++)
            await pool.query('select street from addresses where user_id = $1', [id])
          return 'ok'
        })
        equal((await app.inject('/users/7')).statusCode, 200)
        await Promise.all([app.close(), pool.end()])
      })`,
    )
    const { code, stdout, stderr } = await check(sample)
    assert.equal(code, 1, stdout + stderr)
    assert.match(stdout, /1 request · 1 route · 9 statements/)
    assert.match(stdout, /GET \/users\/:id · app\.test\.js:11/)
  })
})
