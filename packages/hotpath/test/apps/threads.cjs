'use strict'
// A worker thread that serves one request and makes one statement; then all ends by itself.
const http = require('node:http')
const { isMainThread, parentPort, Worker } = require('node:worker_threads')
const { Pool } = require('pg')

if (isMainThread) {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) })
  worker.on('message', text => console.log('from the thread:', text))
  worker.on('exit', code => console.log('thread', code))
} else {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL })
  const server = http.createServer(async (_, response) => {
    const { rows } = await pool.query('select 7 as a')
    response.end(JSON.stringify(rows))
  })
  server.listen(0, '127.0.0.1', () => {
    http.get({ port: server.address().port, path: '/hello', agent: false }, async response => {
      let text = ''
      for await (const chunk of response) text += chunk
      parentPort.postMessage(text)
      server.close()
      await pool.end()
      // The test lets go when what happened here has arrived.
      if (process.env.RELEASE_URL) await (await fetch(process.env.RELEASE_URL)).text()
      if (process.argv[2] === 'exit') process.exit(4)
    })
  })
}
