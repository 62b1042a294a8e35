/**
 * The app that is measured: node:http alone. A bare handler that sends what a hit sends, byte for byte,
 * is the fastest handler that there is; over IPC the benchmark switches Hotpath off, and then it is that
 * handler that answers. `/read` sends as much, read from a database: what strict mode keeps.
 */
import nodeHttp = require('node:http')
import pg = require('pg')

const bodies: Readonly<Record<string, Buffer>> = {
  '/1k': Buffer.from(JSON.stringify('a'.repeat(1022))),
  '/10k': Buffer.from(JSON.stringify('a'.repeat(10_238))),
}

let runs = 0

const databaseUrl = process.env['BENCH_DATABASE_URL']
const pool = databaseUrl === undefined ? undefined : new pg.Pool({ connectionString: databaseUrl })

const server = nodeHttp.createServer((request, response) => {
  runs++
  if (request.url === '/read' && pool !== undefined) {
    void pool.query<{ text: string }>('select text from menu where id = 1').then(({ rows }) => {
      const body = Buffer.from(JSON.stringify(rows[0]?.text))
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': body.length,
      })
      response.end(body)
    })
    return
  }
  const body = bodies[request.url ?? '']
  if (body === undefined) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, {
    'Content-Type': 'application/json',
    ETag: '"0123456789012345678901"',
    'Content-Length': body.length,
    Age: '0',
    'Cache-Status': 'hotpath; hit; ttl=3599',
  })
  response.end(body)
})

type Ask = { readonly ask: 'use' } | { readonly ask: 'switch'; readonly enabled: boolean }

process.on('message', (message: Ask) => {
  if (message.ask === 'switch') {
    const state = globalThis as unknown as Record<symbol, { enabled: boolean } | undefined>
    const recorder = state[Symbol.for('hotpath.recorder')]
    if (recorder !== undefined) recorder.enabled = message.enabled
    process.send?.({ attached: recorder !== undefined })
  } else {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuUs: user + system, rssBytes: process.memoryUsage.rss(), runs })
  }
})
process.on('disconnect', () => process.exit())

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
