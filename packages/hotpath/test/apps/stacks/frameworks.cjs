'use strict'
/** How each framework serves the ways: it names the route, and hands on what went wrong. */
const http = require('node:http')

function listen(server, ready) {
  server.listen(0, '127.0.0.1', () => ready(server.address().port))
  return () => {
    server.close()
    server.closeAllConnections?.()
  }
}

module.exports = {
  async http(_load, ways, ready) {
    const server = http.createServer((request, response) => {
      const [, way, n] = request.url.split('/')
      ways[way](n).then(
        () => response.end(n),
        () => response.writeHead(500).end(),
      )
    })
    return listen(server, ready)
  },
  async express(_load, ways, ready, express = require('express')) {
    const app = express()
    for (const [name, way] of Object.entries(ways))
      app.get(`/${name}/:n`, (request, response, next) => {
        way(request.params.n).then(() => response.send(request.params.n), next)
      })
    app.use((_error, _request, response, _next) => response.status(500).end())
    return listen(http.createServer(app), ready)
  },
  express4: (load, ways, ready) =>
    module.exports.express(load, ways, ready, require('express4')),
  async fastify(_load, ways, ready, fastify = require('fastify')) {
    const app = fastify()
    for (const [name, way] of Object.entries(ways))
      app.get(`/${name}/:n`, async ({ params }) => {
        await way(params.n)
        return params.n
      })
    await app.listen({ port: 0, host: '127.0.0.1' })
    ready(app.server.address().port)
    return () => app.close()
  },
  fastify4: (load, ways, ready) =>
    module.exports.fastify(load, ways, ready, require('fastify4')),
}
