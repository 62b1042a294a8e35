/**
 * The app that is measured: Fastify and pg as a user has them, CommonJS, so that every tracer's hooks
 * reach it. `BENCH_MODULES` names another folder to take them from. Over IPC the benchmark switches
 * the recorder and asks what the process used; with no recorder the switch does nothing.
 */
import nodeModule = require('node:module')
import nodePath = require('node:path')
import type fastifyModule = require('fastify')
import type pgModule = require('pg')

const from = nodeModule.createRequire(
  nodePath.join(process.env['BENCH_MODULES'] ?? __dirname, 'package.json'),
)
const { fastify } = from('fastify') as typeof fastifyModule
const { Pool } = from('pg') as typeof pgModule

const app = fastify()
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 10 })

app.get('/hello', async () => ({ hello: 'world' }))

app.get('/orders/:id', async () => {
  const rows: unknown[] = []
  for (let id = 1; id <= 20; id++) {
    const { rows: found } = await pool.query('select id, name from item where id = $1', [id])
    rows.push(found[0])
  }
  return rows
})

type Ask = { readonly ask: 'use' | 'state' } | { readonly ask: 'switch'; readonly enabled: boolean }

process.on('message', (message: Ask) => {
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

app.listen({ port: 0, host: '127.0.0.1' }).then(
  address => process.send?.({ port: Number(new URL(address).port) }),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)
