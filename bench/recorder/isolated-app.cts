/**
 * The recorder's own work and nothing else: a Fastify and drivers that get their bytes from memory, in one
 * process. Each round runs every way with the recorder on and off, in either order, and tells its parent
 * the nanoseconds of processor time that a request takes in each, of the thread that serves it: compiler,
 * collector and export worker come and go on others, and are in the figures of whole apps.
 */
import nodeStream = require('node:stream')
import fastifyModule = require('fastify')
import mysql = require('mysql2/promise')
import pg = require('pg')
import postgres = require('postgres')
import Replay = require('./replay.cjs')

type Ask = (id: number) => Promise<unknown>

const statements = 20
const [pgUrl, mysqlUrl] = [process.env['PG_URL'] ?? '', process.env['MYSQL_URL'] ?? '']
const rounds = Number(process.env['ROUNDS'])
const portOf = (url: string): number => Number(new URL(url).port)

/** Its connection plays the server from the fourth statement on: the first prepare what they will. */
async function playing(ask: Ask, connections: readonly Replay[]): Promise<Ask> {
  for (let n = 0; n < 2; n++) await ask(1)
  for (const connection of connections) connection.learn()
  await ask(1)
  for (const connection of connections) connection.play()
  return ask
}

const drivers = {
  pg() {
    const made: Replay[] = []
    const stream = () => made[made.push(new Replay(portOf(pgUrl), 'postgres')) - 1]
    const config = { connectionString: pgUrl, max: 1, idleTimeoutMillis: 0, stream }
    const pool = new pg.Pool(config as unknown as pg.PoolConfig)
    return playing(id => pool.query('select id, name from item where id = $1', [id]), made)
  },
  postgres() {
    const made: Replay[] = []
    const socket = () =>
      new Promise(resolve => {
        const one = new Replay(portOf(pgUrl), 'postgres')
        made.push(one)
        one.once('connect', () => resolve(one))
      })
    const sql = postgres(pgUrl, { max: 1, socket } as never)
    return playing(async id => sql`select id, name from item where id = ${id}`, made)
  },
  mysql2() {
    const made: Replay[] = []
    const stream = () => made[made.push(new Replay(portOf(mysqlUrl), 'mysql')) - 1]
    const options = { uri: mysqlUrl, connectionLimit: 1, stream }
    const pool = mysql.createPool(options as mysql.PoolOptions)
    return playing(id => pool.query('select id, name from item where id = ?', [id]), made)
  },
} satisfies Record<string, () => Promise<Ask>>

/** Node 24 has it. */
type Usage = { readonly user: number; readonly system: number }
const ofThread = process as unknown as { threadCpuUsage(since?: Usage): Usage }

const request = 'GET /PATH HTTP/1.1\r\nhost: bench\r\n\r\n'

/** A client's side of a connection that has no network: `ask` resolves with the answer's bytes. */
class Caller extends nodeStream.Duplex {
  private settle: (() => void) | undefined

  ask(path: string): Promise<void> {
    return new Promise(resolve => {
      this.settle = resolve
      this.push(request.replace('PATH', path))
    })
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    done()
    // The answers are short: each is one write, or its head and its body are two.
    if (bytes.includes('}') || bytes.includes(']')) this.settle?.()
  }
}

async function main(): Promise<void> {
  const app = fastifyModule.fastify()
  app.get('/none', async () => ({ hello: 'world' }))
  for (const [name, open] of Object.entries(drivers)) {
    const ask = await open()
    app.get(`/${name}`, async () => {
      for (let id = 1; id <= statements; id++) await ask(id)
      return { hello: 'world' }
    })
  }
  await app.ready()
  const caller = new Caller()
  app.server.emit('connection', caller)
  const state = globalThis as unknown as Record<symbol, { enabled: boolean }>
  const recorder = state[Symbol.for('hotpath.recorder')]
  if (recorder === undefined) throw new Error('the recorder is not attached')
  const ways = ['none', ...Object.keys(drivers)]
  for (let round = -2; round < rounds; round++) {
    const figures: Record<string, number> = {}
    for (const way of ways)
      for (const enabled of Math.random() < 0.5 ? [true, false] : [false, true]) {
        recorder.enabled = enabled
        const count = way === 'none' ? 1_000 : 50
        const before = ofThread.threadCpuUsage()
        for (let n = 0; n < count; n++) await caller.ask(way)
        const { user, system } = ofThread.threadCpuUsage(before)
        figures[`${way} ${enabled ? 'on' : 'off'}`] = ((user + system) * 1_000) / count
      }
    // The first rounds have the code compiled.
    if (round >= 0) process.send?.({ figures })
  }
  process.exit()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
