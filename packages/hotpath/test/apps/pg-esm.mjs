// pg imported by an ES module; the service is named by its package.json, or by a config file.
import http from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const server = http.createServer(async (_, response) => {
  const { rows } = await pool.query('select $1::int as a', [1])
  response.end(JSON.stringify(rows))
})
server.listen(0, '127.0.0.1', async () => {
  await (await fetch(`http://127.0.0.1:${server.address().port}/hello`)).text()
  server.close()
  server.closeAllConnections()
  await pool.end()
})
