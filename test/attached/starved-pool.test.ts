import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fixtures } from '../places.js'
import { type Postgres, startPostgres } from '../postgres.js'
import { TestConsole } from '../processes/console.js'
import { Program, register } from '../processes/program.js'
import { getAll } from '../processes/requests.js'
import { until } from '../processes/until.js'

describe('requests that wait for a connection', () => {
  let postgres: Postgres
  before(async () => void (postgres = await startPostgres()))
  after(() => postgres.stop())

  test('are a finding, with what was measured of the pool and how large it should be', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await start(hotpath)
    const [, port] = await app.line(/port (\d+)/)
    const finding = await until(
      async () => {
        await getAll(Array<string>(40).fill(`http://127.0.0.1:${port}/slow`), 10)
        const { findings } = await hotpath.ask('findings')
        return findings.find(({ kind }) => kind === 'starved-pool')
      },
      found => found?.evidence.sentences.some(one => one.includes("Little's law")) === true,
      'a finding about the pool, with its figures',
    )
    assert.equal(finding?.route, 'GET /slow')
    assert.equal(finding.subject, `${new URL(postgres.url).host}/postgres`)
    assert.match(finding.evidence.sentences.join('\n'), /The pool has 2; /)
    assert.match(finding.fixes[0]?.text ?? '', /^new Pool\(\{ max: \d+ \}\)$/)
  })

  test('for connections that never come back are told from those', async () => {
    await using hotpath = await TestConsole.start()
    await using app = await start(hotpath)
    const [, port] = await app.line(/port (\d+)/)
    const url = `http://127.0.0.1:${port}`
    await getAll([`${url}/leak`], 1)
    const finding = await until(
      async () => {
        // Ten at a time over the one that is left.
        await getAll(Array<string>(20).fill(`${url}/slow`), 10)
        await getAll(Array<string>(20).fill(`${url}/quick`), 1)
        const { findings } = await hotpath.ask('findings')
        return findings.find(({ kind }) => kind === 'starved-pool')
      },
      found => found?.title.endsWith('some do not come back') === true,
      'a finding about connections that are kept',
    )
    assert.match(finding?.fixes[0]?.title ?? '', /finally/)
  })

  async function start(hotpath: TestConsole): Promise<Program> {
    return Program.node(['--import', register, join(fixtures, 'apps', 'starved.cjs')], {
      env: { ...hotpath.env, DATABASE_URL: postgres.url },
    })
  }
})
