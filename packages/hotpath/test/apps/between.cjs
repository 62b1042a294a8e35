'use strict'
// Notes where the app is in no request, and whether it is in the trace of one all the same.
const { subscribe } = require('node:diagnostics_channel')
const http = require('node:http')
const { serve } = require('./serve.cjs')

const seen = []
const note = where => {
  const recorder = globalThis[Symbol.for('hotpath.recorder')]
  seen.push(`${where}: ${recorder.current() === undefined ? 'none' : 'a request'}`)
}

const server = http.createServer((request, response) => {
  note('handler')
  response.end(request.url === '/seen' ? JSON.stringify(seen) : 'hello')
})
// Right before a request is emitted: nobody has entered it yet.
subscribe('http.server.request.start', ({ request }) => {
  if (request.url !== '/seen') note('before')
})
server.on('connection', socket => socket.on('close', () => note('closed')))
server.on('clientError', (_, socket) => {
  note('clientError')
  socket.destroy()
})
server.on('upgrade', (_, socket) => {
  note('upgrade')
  // A request that the app makes itself, with no parser that would call.
  const request = new http.IncomingMessage(socket)
  server.emit('request', request, new http.ServerResponse(request))
  note('emitted')
  socket.end()
})
serve(server)
