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
  express4: (load, ways, ready) => module.exports.express(load, ways, ready, require('express4')),
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
  fastify4: (load, ways, ready) => module.exports.fastify(load, ways, ready, require('fastify4')),
  async koa(load, ways, ready, Router = load('@koa/router')) {
    const app = new (load('koa'))()
    const outer = new Router()
    outer.use((_context, next) => next())
    for (const [name, way] of Object.entries(ways)) {
      const nested = new Router()
      nested.get('/:n', async context => {
        await way(context.params.n)
        context.body = context.params.n
      })
      outer.use(`/${name}`, nested.routes())
    }
    app.use(outer.routes()).use(outer.allowedMethods())
    return listen(http.createServer(app.callback()), ready)
  },
  async hono(
    _load,
    ways,
    ready,
    { Hono } = require('hono'),
    { serve } = require('@hono/node-server'),
  ) {
    const app = new Hono()
    app.use(async (_c, next) => next())
    for (const [name, way] of Object.entries(ways)) {
      const nested = new Hono()
      nested.get('/:n', async c => {
        await way(c.req.param('n'))
        return c.text(c.req.param('n'))
      })
      app.route(`/${name}`, nested)
    }
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      ready(port),
    )
    return () => {
      server.close()
      server.closeAllConnections()
    }
  },
  async nest(load, ways, ready, adapter = undefined) {
    load('reflect-metadata')
    const { Controller, Get, Module, Param } = load('@nestjs/common')
    const { NestFactory } = load('@nestjs/core')
    const controllers = Object.entries(ways).map(([name, way]) => {
      class Ways {
        async get(n) {
          await way(n)
          return n
        }
      }
      const method = Object.getOwnPropertyDescriptor(Ways.prototype, 'get')
      Param('n')(Ways.prototype, 'get', 0)
      Get(':n')(Ways.prototype, 'get', method)
      Controller(name)(Ways)
      return Ways
    })
    function App() {}
    Module({ controllers })(App)
    const app = await NestFactory.create(App, ...(adapter ? [adapter] : []), { logger: false })
    await app.listen(0, '127.0.0.1')
    ready(app.getHttpServer().address().port)
    return () => app.close()
  },
  'nest-fastify': (load, ways, ready) => {
    const { FastifyAdapter } = load('@nestjs/platform-fastify')
    return module.exports.nest(load, ways, ready, new FastifyAdapter())
  },
  async http2(_load, ways, ready) {
    const server = require('node:http2').createServer((request, response) => {
      const [, way, n] = request.url.split('/')
      ways[way](n).then(
        () => response.end(n),
        () => response.writeHead(500).end(),
      )
    })
    server.listen(0, '127.0.0.1', () => ready(server.address().port))
    return () => server.close()
  },
  async 'http2-stream'(_load, ways, ready) {
    const server = require('node:http2').createServer()
    server.on('stream', (stream, headers) => {
      const [, way, n] = headers[':path'].split('/')
      ways[way](n).then(
        () => {
          stream.respond({ ':status': 200 })
          stream.end(n)
        },
        () => stream.respond({ ':status': 500 }, { endStream: true }),
      )
    })
    server.listen(0, '127.0.0.1', () => ready(server.address().port))
    return () => server.close()
  },
}
