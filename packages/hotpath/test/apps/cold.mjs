/** One of several instances: what its handlers make takes until the test lets them, and is counted. */
import { createServer } from 'node:http'
import pg from 'pg'

const { NAME, HOST, PORT, PG_URL } = process.env
const pool = PG_URL && new pg.Pool({ connectionString: PG_URL, max: 2 })
pool?.on('error', () => {})
const runs = {}
let waiting = []
let holds = false

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://a')
  if (pathname === '/runs') return response.end(JSON.stringify(runs))
  if (pathname === '/hold') {
    holds = searchParams.get('on') === '1'
    if (!holds) for (const go of waiting.splice(0)) go()
    return response.end()
  }
  runs[request.url] = (runs[request.url] ?? 0) + 1
  if (holds) await new Promise(go => waiting.push(go))
  response.setHeader('content-type', 'text/plain')
  if (searchParams.has('private')) response.setHeader('cache-control', 'private')
  if (pathname === '/rows')
    return response.end(
      `${(await pool.query('select price from menu where id = 1')).rows[0].price}`,
    )
  response.end(`${request.url} made by ${searchParams.has('who') ? NAME : 'one'}`)
})

server.listen(Number(PORT), HOST, () => process.send({ port: server.address().port }))
// The client of Redis would keep it alive.
process.once('disconnect', () => process.exit(0))
