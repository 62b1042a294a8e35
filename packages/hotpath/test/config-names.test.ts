import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import pg from 'pg'
import { gatePg } from '../dist/gate/pg.js'
import { useQueries } from '../dist/gate/pg-queries.js'
import { tallied } from '../dist/trace/tallies.js'
import { observe, type Observation } from './observed.js'
import { startPostgres } from './postgres.js'
import { until } from './serve/cached-server.js'
import { inRequest } from './verify/batch.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-names-'))
after(() => rmSync(folder, { recursive: true }))

/** Serves 700 requests for `/menu` with a config that names these routes. */
function serve(framework: string, names: readonly string[]): Promise<Observation> {
  const file = join(folder, `${framework}.config.json`)
  const routes = Object.fromEntries(names.map(name => [name, { cache: { ttl: '1m' } }]))
  writeFileSync(file, JSON.stringify({ routes }))
  return observe(
    'cached.cjs',
    async app => {
      const ask = async () => (await fetch(`${app.url}/menu`)).text()
      for (let n = 0; n < 14; n++) await Promise.all(Array.from({ length: 50 }, ask))
    },
    { FRAMEWORK: framework, HOTPATH_CONFIG: file },
  )
}

describe('a route of the config', () => {
  for (const framework of ['express4', 'express5', 'fastify', 'koa'])
    test(`that nothing is of is said once, with the one that was meant: ${framework}`, async () => {
      const { output, summed } = await serve(framework, ['GET /menuu', 'GET /menu'])
      const lines = output.split('\n').filter(line => line.includes('names the route'))
      assert.equal(lines.length, 1)
      assert.match(lines[0] ?? '', /"GET \/menuu".*Did you mean "GET \/menu"\?/)
      const name = { 'hotpath.config.name': 'GET /menuu' }
      assert.equal(summed('hotpath.config.unmatched', name), 1)
    })

  for (const framework of ['express4', 'express5', 'fastify'])
    test(`that a router has is not spoken of, though nobody asked for it: ${framework}`, async () => {
      const { output } = await serve(framework, ['GET /me'])
      assert.doesNotMatch(output, /names the route/)
    })
})

describe('a table of the config', () => {
  test('that the database does not have is said once, with the one that was meant', async t => {
    const postgres = await startPostgres()
    gatePg()
    const tables = ['menuu', 'prices', 'shop.prices', 'public.menu']
    await useQueries({ queries: { cache: { tables } } }, process.cwd())
    const pool = new pg.Pool({ connectionString: postgres.url })
    try {
      await pool.query('create table menu (id int primary key); create table prices (id int)')
      const written = t.mock.method(process.stderr, 'write', () => true)
      const lines = (): string[] =>
        written.mock.calls
          .map(({ arguments: [text] }) => String(text))
          .filter(line => line.includes('names the table'))
      await until(async () => {
        await inRequest('/menu', () => pool.query('select id from menu'))
        return lines().length >= 2
      }, 'the lines')
      for (let n = 0; n < 500; n++)
        await inRequest('/menu', () => pool.query('select id from menu'))
      assert.deepEqual(lines(), [
        'hotpath: the config names the table "menuu", which the database does not have. Did you mean "menu"?\n',
        'hotpath: the config names the table "shop.prices", which the database does not have.\n',
      ])
      const counter = tallied().find(({ name }) => name === 'hotpath.config.unmatched')
      assert.equal(counter?.n, 2)
    } finally {
      await pool.end()
      await postgres.stop()
    }
  })
})
