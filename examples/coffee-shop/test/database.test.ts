import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { openDatabase } from '../demo/database.js'

/** Opens a database, prints its URL, and waits to be killed. */
const program = `
  const { openDatabase } = await import(${JSON.stringify(new URL('../demo/database.js', import.meta.url))})
  console.log((await openDatabase()).url)
  setInterval(() => {}, 1000)
`

async function listens(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`${what}: still not so after 20 s`)
    await delay(20)
  }
}

test('the private database is a real PostgreSQL that only its password opens', async () => {
  const database = await openDatabase()
  try {
    const client = new Client(database.url)
    await client.connect()
    const { rows } = await client.query<{ version: string }>('select version()')
    await client.end()
    assert.match(rows[0]?.version ?? '', /^PostgreSQL 1\d/)

    const stranger = new URL(database.url)
    stranger.password = 'guess'
    await assert.rejects(new Client(stranger.href).connect(), { code: '28P01' })
  } finally {
    await database.stop()
  }
  assert.equal(await listens(Number(new URL(database.url).port)), false)
})

test('the private database goes when its opener is killed', async () => {
  const opener = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(opener.stdout.setEncoding('utf8'), 'data')) as [string]
  const port = Number(new URL(url.trim()).port)
  assert.equal(await listens(port), true)

  opener.kill('SIGKILL')
  await once(opener, 'exit')
  await until(async () => !(await listens(port)), 'the database has stopped')
})

test('a database that DATABASE_URL names is used and left alone', async () => {
  process.env.DATABASE_URL = 'postgres://me@db.example.com/mine'
  try {
    const database = await openDatabase()
    assert.equal(database.url, 'postgres://me@db.example.com/mine')
    await database.stop()
  } finally {
    delete process.env.DATABASE_URL
  }
})
