'use strict'
// node:http alone, with the ways in which an answer can end.
const http = require('node:http')
const { serve } = require('./serve.cjs')

const answers = {
  '/hello': (_, response) => response.end('hello'),
  '/fails': (_, response) => response.writeHead(503).end(),
  '/missing': (_, response) => response.writeHead(404).end(),
  '/never': () => {},
  '/stream': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
  },
  // Removes what it did not add.
  '/removes': (_, response) => {
    response.removeAllListeners()
    response.end('hello')
  },
  '/echo': (request, response) => request.pipe(response),
}

const server = http.createServer((request, response) => {
  const answer = answers[request.url.split('?')[0]] ?? answers['/hello']
  answer(request, response)
})
server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded'))
serve(server)
