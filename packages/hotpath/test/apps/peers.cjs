'use strict'
// Listens on all addresses and on a Unix socket. `/busy` holds the process until its peer is gone, so
// that a second request, in the same packet, is served when the connection has no address any more.
const http = require('node:http')
const { serve } = require('./serve.cjs')

const handle = (request, response) => {
  if (request.url === '/busy') {
    response.writeContinue()
    const { _handle: connection } = request.socket
    const deadline = Date.now() + 10_000
    while (connection.getpeername({}) === 0 && Date.now() < deadline);
  }
  response.end('hello')
}

const local = http.createServer(handle).listen(process.env.SOCKET_PATH)
process.once('disconnect', () => local.close())

const all = http.createServer(handle)
// `serve` listens on loopback, where every peer is believed.
const { listen } = all
all.listen = (port, _host, ready) => listen.call(all, port, '0.0.0.0', ready)
serve(all)
