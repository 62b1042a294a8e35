'use strict'
// A server that serves itself three requests, and then ends in the way that its argument says.
const http = require('node:http')

const endings = {
  natural: server => server.close(),
  'process.exit': () => process.exit(7),
  'exit code': server => {
    process.exitCode = 3
    server.close()
  },
  throws: () => {
    throw new Error('of the app')
  },
  rejects: () => Promise.reject(new Error('of the app')),
  signal: () => console.log('ready'),
  handled: server => {
    process.once('SIGTERM', () => {
      console.log('handled')
      server.close()
    })
    console.log('ready')
  },
  // As many as Node takes without a warning; counted by who removes them.
  'ten exit listeners': server => {
    for (let n = 0; n < 10; n++) process.on('exit', () => {})
    console.log(process.listenerCount('exit'), process.eventNames().length)
    process.removeAllListeners('exit')
    server.close()
  },
  'exit listener': () => {
    process.on('exit', code => console.log('exit', code))
    process.exit(5)
  },
}

const server = http.createServer((_, response) => response.end('hello'))
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address()
  for (let n = 0; n < 3; n++) await get(port)
  endings[process.argv[2]](server)
})

function get(port) {
  return new Promise((resolve, reject) => {
    http
      .get({ port, path: '/hello', agent: false }, response => {
        response.resume().on('end', resolve)
      })
      .on('error', reject)
  })
}
