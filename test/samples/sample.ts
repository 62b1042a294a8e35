import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../places.js'

/** How the sample lists its users: with a query for each, or with one. */
export type Way = 'loop' | 'fixed'

const readers: Readonly<Record<Way, string>> = {
  loop: `
  const streets = []
  for (const { id } of users) {
    const { rows } = await pool.query('select street from addresses where user_id = $1', [id])
    streets.push(rows[0].street)
  }
  return streets`,
  fixed: `
  const ids = users.map(({ id }) => id)
  const { rows } = await pool.query('select street from addresses where user_id = any($1)', [ids])
  return rows.map(({ street }) => street)`,
}

/** The tables that it reads: eight users. */
export const sampleSql = `
  create table users (id int primary key);
  create table addresses (user_id int, street text);
  insert into users select generate_series(1, 8);
  insert into addresses select id, 'street ' || id from users;`

/** An API over pg that lists streets, which knows nothing of Hotpath. */
const app = (way: Way): string => `
const http = require('node:http')
const { Pool } = require('pg')
const pool = new Pool({ connectionString: process.env.DATABASE_URL })

async function list() {
  const { rows: users } = await pool.query('select id from users')${readers[way]}
}

exports.start = async () => {
  const server = http.createServer((request, response) =>
    list().then(streets => response.end(JSON.stringify(streets)), error => {
      response.statusCode = 500
      response.end(String(error))
    }))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: 'http://127.0.0.1:' + server.address().port,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await pool.end()
    },
  }
}
`

/** The test that people would write; \`head\` brings \`test\` and \`equal\`. */
const suite = (head: string): string => `${head}
test('lists a street for each user', async () => {
  const api = await start()
  try {
    const response = await fetch(api.url + '/users')
    equal((await response.json()).length, 8)
  } finally {
    await api.close()
  }
})
`

const ofNode = `
const { test } = require('node:test')
const { equal } = require('node:assert')
const { start } = require('./app.js')`

/** A project in a temporary directory, with a test suite of node:test. */
export class Sample implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'hotpath-sample-'))

  /** @param modules Where its packages are; ours by default. */
  constructor(way: Way, modules = join(root, 'node_modules')) {
    symlinkSync(modules, join(this.directory, 'node_modules'))
    this.write('package.json', JSON.stringify({ name: 'sample', scripts: { test: 'node --test' } }))
    this.write('app.test.js', suite(ofNode))
    this.become(way)
  }

  /** Lists its users in this way from now on. */
  become(way: Way): void {
    this.write('app.js', app(way))
  }

  /** The suite, for another runner. */
  test(name: string, head: string): void {
    rmSync(join(this.directory, 'app.test.js'), { force: true })
    this.write(name, suite(head))
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text)
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
