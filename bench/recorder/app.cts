/**
 * The app that is measured: a framework and a driver as a user has them, CommonJS, so that every tracer's
 * hooks reach it. `BENCH_MODULES` names another folder to take them from. Over IPC the benchmark switches
 * the recorder and asks what the process used; with no recorder the switch does nothing.
 */
import nodeModule = require('node:module')
import nodePath = require('node:path')
import type expressModule = require('express')
import type fastifyModule = require('fastify')
import type mysqlModule = require('mysql2/promise')
import type pgModule = require('pg')
import type postgresModule = require('postgres')

const from = nodeModule.createRequire(
  nodePath.join(process.env['BENCH_MODULES'] ?? __dirname, 'package.json'),
)
const databaseUrl = process.env['DATABASE_URL'] ?? ''

type Ask = (id: number) => Promise<unknown>

const drivers: Readonly<Record<string, () => Ask>> = {
  pg() {
    const { Pool } = from('pg') as typeof pgModule
    const pool = new Pool({ connectionString: databaseUrl, max: 10 })
    return async id => {
      const { rows } = await pool.query('select id, name from item where id = $1', [id])
      return rows[0]
    }
  },
  postgres() {
    const sql = (from('postgres') as typeof postgresModule)(databaseUrl, { max: 10 })
    return async id => (await sql`select id, name from item where id = ${id}`)[0]
  },
  mysql2() {
    const { createPool } = from('mysql2/promise') as typeof mysqlModule
    const pool = createPool({ uri: databaseUrl, connectionLimit: 10 })
    return async id => {
      const [rows] = await pool.query('select id, name from item where id = ?', [id])
      return (rows as unknown[])[0]
    }
  },
}

async function ordersBy(ask: Ask): Promise<unknown[]> {
  const rows: unknown[] = []
  for (let id = 1; id <= 20; id++) rows.push(await ask(id))
  return rows
}

type Listening = (port: number) => void

const frameworks: Readonly<Record<string, (ask: Ask, listening: Listening) => void>> = {
  fastify(ask, listening) {
    const { fastify } = from('fastify') as typeof fastifyModule
    const app = fastify()
    app.get('/hello', async () => ({ hello: 'world' }))
    app.get('/items/:id', async () => ask(1))
    app.get('/orders/:id', async () => ordersBy(ask))
    app.listen({ port: 0, host: '127.0.0.1' }).then(
      address => listening(Number(new URL(address).port)),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  },
  express(ask, listening) {
    const app = (from('express') as typeof expressModule)()
    app.get('/hello', (_request, response) => void response.json({ hello: 'world' }))
    app.get('/items/:id', async (_request, response) => void response.json(await ask(1)))
    app.get('/orders/:id', async (_request, response) => void response.json(await ordersBy(ask)))
    const server = app.listen(0, '127.0.0.1', () => {
      const address = server.address()
      listening(typeof address === 'object' && address !== null ? address.port : 0)
    })
  },
}

type Question =
  | { readonly ask: 'use' | 'state' }
  | { readonly ask: 'switch'; readonly enabled: boolean }

process.on('message', (message: Question) => {
  if (message.ask === 'switch') {
    const state = globalThis as unknown as Record<symbol, { enabled: boolean } | undefined>
    const recorder = state[Symbol.for('hotpath.recorder')]
    if (recorder !== undefined) recorder.enabled = message.enabled
    process.send?.({ attached: recorder !== undefined })
  } else if (message.ask === 'state') {
    ;(globalThis as { gc?: () => void }).gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    const listeners = process.eventNames().reduce((n, name) => n + process.listenerCount(name), 0)
    const resources = process.getActiveResourcesInfo().filter(isHandle).length
    process.send?.({ heapBytes: heapUsed, rssBytes: rss, listeners, resources })
  } else {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() })
  }
})

/** Timers and requests under way come and go. */
const isHandle = (name: string): boolean => !/Timeout|Immediate|ReqWrap|Request/.test(name)

process.on('disconnect', () => process.exit())

const ask = drivers[process.env['BENCH_DRIVER'] ?? 'pg']
const serve = frameworks[process.env['BENCH_FRAMEWORK'] ?? 'fastify']
if (ask === undefined || serve === undefined) throw new Error('no such framework or driver')
serve(ask(), port => process.send?.({ port }))
