/** What goes on in other ways than by `await`: each statement is of the request that asked for it all the same. */
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import pg from 'pg'

const echo = new Worker(
  "const { parentPort } = require('node:worker_threads'); parentPort.on('message', n => parentPort.postMessage(n))",
  { eval: true },
)
const answers = new EventEmitter().setMaxListeners(100)
echo.on('message', n => answers.emit(n))
echo.unref()

export default async load => {
  const imported = name => import(pathToFileURL(load.resolve(name)).href)
  const { default: PQueue } = await imported('p-queue')
  const { default: pLimit } = await imported('p-limit')
  const queue = new PQueue({ concurrency: 2 })
  const limit = pLimit(2)
  const pool = new pg.Pool({ connectionString: process.env.PG_URL, max: 3 })
  const bus = new EventEmitter()
  const ask = (n, part) => pool.query(`select pg_sleep(0.001), 'planted' as r${n}_${part}`)
  bus.on('ask', (n, part, resolve) => void ask(n, part).then(resolve))
  const inTurn = async (n, way) => {
    for (const part of [1, 2, 3]) await way(n, part)
  }
  const later = start => new Promise(resolve => start(resolve))
  return {
    ways: {
      timer: n =>
        inTurn(n, (_, part) =>
          later(resolve => setTimeout(() => void ask(n, part).then(resolve), 1)),
        ),
      immediate: n =>
        inTurn(n, (_, part) =>
          later(resolve => setImmediate(() => void ask(n, part).then(resolve))),
        ),
      emitter: n => inTurn(n, (_, part) => later(resolve => bus.emit('ask', n, part, resolve))),
      stream: n =>
        inTurn(n, async (_, part) => {
          for await (const one of Readable.from([part])) await ask(n, one)
        }),
      thread: n =>
        inTurn(n, async (_, part) => {
          const answered = later(resolve => answers.once(`${n} ${part}`, resolve))
          echo.postMessage(`${n} ${part}`)
          await answered
          await ask(n, part)
        }),
      'p-limit': n => Promise.all([1, 2, 3].map(part => limit(() => ask(n, part)))),
      'p-queue': n => Promise.all([1, 2, 3].map(part => queue.add(() => ask(n, part)))),
    },
    async end() {
      await pool.end()
      await echo.terminate()
    },
  }
}
