'use strict'
// Two processes behind one port; each serves until it is told to end.
const cluster = require('node:cluster')
const http = require('node:http')

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  let listening = 0
  cluster.on('listening', async (_, { port }) => {
    if (++listening < 2) return
    for (let n = 0; n < 6; n++) await get(port)
    for (const worker of workers) worker.disconnect()
  })
  cluster.on('exit', (_, code) => console.log('exit', code))
} else {
  http.createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
}

function get(port) {
  return new Promise((resolve, reject) => {
    http
      .get({ port, path: '/hello', agent: false }, response => response.resume().on('end', resolve))
      .on('error', reject)
  })
}
