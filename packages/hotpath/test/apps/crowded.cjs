'use strict'
/** A route that answers once it is told to, in each framework. */
const { createServer } = require('node:http')
const { serve } = require('./serve.cjs')

const waiting = []
const slow = () => new Promise(resolve => waiting.push(resolve))
const open = () => {
  for (const go of waiting.splice(0)) go('served')
  return 'opened'
}
const length = () => String(waiting.length)

const apps = {
  node: () =>
    createServer(async (request, response) => {
      if (request.url === '/slow') response.end(await slow())
      else response.end(request.url === '/open' ? open() : length())
    }),
  http2: () =>
    require('node:http2').createServer(async (request, response) => {
      if (request.url === '/slow') response.end(await slow())
      else if (request.url === '/read') {
        let bytes = 0
        request.on('error', () => {}).on('data', chunk => (bytes += chunk.length))
        request.on('end', () => response.end(String(bytes)))
      } else if (request.url === '/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(': hello\n\n')
      } else response.end(request.url === '/open' ? open() : length())
    }),
  'http2 stream': () => {
    const server = require('node:http2').createServer()
    return server.on('stream', async (stream, headers) => {
      const say = text => {
        // Its client may have left.
        if (stream.destroyed || stream.headersSent) return
        stream.respond({ ':status': 200 })
        stream.end(text)
      }
      const path = headers[':path']
      if (path === '/slow') say(await slow())
      else if (path === '/read') {
        let bytes = 0
        stream.on('error', () => {}).on('data', chunk => (bytes += chunk.length))
        stream.on('end', () => say(String(bytes)))
      } else if (path === '/events') {
        stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
        stream.write(': hello\n\n')
      } else say(path === '/open' ? open() : length())
    })
  },
  express: () => {
    const app = require('express')()
    app.get('/slow', async (_, response) => response.send(await slow()))
    app.get('/open', (_, response) => response.send(open()))
    app.get('/length', (_, response) => response.send(length()))
    return createServer(app)
  },
  fastify: async () => {
    const app = require('fastify')()
    app.get('/slow', slow)
    app.get('/open', async () => open())
    app.get('/length', async () => length())
    await app.ready()
    return app.server
  },
  koa: async () => {
    const { default: Koa } = await import('koa')
    const app = new Koa()
    app.use(async context => {
      const { path } = context
      context.body = path === '/slow' ? await slow() : path === '/open' ? open() : length()
    })
    return createServer(app.callback())
  },
  hono: async () => {
    const { Hono } = await import('hono')
    const { getRequestListener } = await import('@hono/node-server')
    const app = new Hono()
    app.get('/slow', async context => context.text(await slow()))
    app.get('/open', context => context.text(open()))
    app.get('/length', context => context.text(length()))
    return createServer(getRequestListener(app.fetch))
  },
}

Promise.resolve(apps[process.env.FRAMEWORK]()).then(serve)
