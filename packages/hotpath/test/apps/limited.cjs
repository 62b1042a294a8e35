'use strict'
/**
 * The same routes in each framework. An answer of a handler says which it was, in `x-handler`; `/runs` says how
 * often each ran. Middleware before sets `x-early`, as CORS would.
 */
const { createServer } = require('node:http')
const { serve } = require('./serve.cjs')

const runs = {}
const routes = [
  ['get', '/orders'],
  ['post', '/orders'],
  ['get', '/users/:id/orders'],
  ['get', '/menu'],
]
const ran = (method, path) => {
  const name = `${method.toUpperCase()} ${path}`
  runs[name] = (runs[name] ?? 0) + 1
  return name
}

const express = (load, guard) => () => {
  const app = load()()
  app.use((_, response, next) => {
    response.setHeader('x-early', 'yes')
    next()
  })
  app.get('/runs', (_, response) => response.json(runs))
  if (guard !== undefined) app.all(guard, (_request, _response, next) => next())
  const users = load().Router()
  for (const [method, path] of routes) {
    const handle = (_, response) => response.set('x-handler', ran(method, path)).send('done')
    if (path.startsWith('/users')) users[method](path.slice('/users'.length), handle)
    else app[method](path, handle)
  }
  app.use('/users', users)
  return createServer(app)
}

const fastify = (load, options) => async () => {
  const app = load()(options)
  app.addHook('onRequest', async (_, reply) => void reply.header('x-early', 'yes'))
  app.get('/runs', async () => runs)
  for (const [method, path] of routes)
    app[method](path, async (_, reply) => reply.header('x-handler', ran(method, path)).send('done'))
  await app.ready()
  return app.server
}

async function honoListener(Hono) {
  const { getRequestListener } = await import('@hono/node-server')
  const app = new Hono()
  app.use('*', async (context, next) => {
    await next()
    context.header('x-early', 'yes')
  })
  app.get('/runs', context => context.json(runs))
  const users = new Hono()
  for (const [method, path] of routes) {
    const handle = context => {
      context.header('x-handler', ran(method, path))
      return context.text('done')
    }
    if (path.startsWith('/users')) users[method](path.slice('/users'.length), handle)
    else app[method](path, handle)
  }
  app.route('/users', users)
  return getRequestListener(app.fetch)
}

function plain(request, response) {
  const path = request.url.split('?')[0]
  if (path === '/runs') return response.end(JSON.stringify(runs))
  const isKnown = routes.some(([m, p]) => m.toUpperCase() === request.method && p === path)
  if (!isKnown) return response.writeHead(404).end()
  response.setHeader('x-handler', ran(request.method, path))
  response.end('done')
}

const apps = {
  express4: express(() => require('express4')),
  express5: express(() => require('express')),
  // A route that hands on to the others, as a login does.
  'express5 guarded': express(() => require('express'), '/:any'),
  fastify4: fastify(() => require('fastify4')),
  fastify5: fastify(() => require('fastify')),
  // Spellings that it does not tell apart are other ones.
  'fastify5 lenient': fastify(() => require('fastify'), {
    routerOptions: {
      caseSensitive: false,
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
    },
  }),
  node: async () => createServer(plain),
  http2: () => require('node:http2').createServer(plain),
  'http2 stream': () => {
    const server = require('node:http2').createServer()
    return server.on('stream', (stream, headers) => {
      const { ':path': path, ':method': method } = headers
      if (path === '/runs') {
        stream.respond({ ':status': 200 })
        return stream.end(JSON.stringify(runs))
      }
      stream.respond({ ':status': 200, 'x-handler': ran(method, path.split('?')[0]) })
      stream.end('done')
    })
  },
  koa: async () => {
    const { default: Koa } = await import('koa')
    const app = new Koa()
    app.use((context, next) => {
      context.set('x-early', 'yes')
      if (context.path === '/runs') return (context.body = runs)
      return next()
    })
    app.use(context => {
      // As its routers do by default: capitals and a slash at the end are the same.
      const path = context.path.toLowerCase().replace(/(.)\/$/, '$1')
      const found = routes.find(
        ([method, template]) =>
          method.toUpperCase() === context.method.replace('HEAD', 'GET') &&
          new RegExp(`^${template.replace(':id', '[^/]+')}$`).test(path),
      )
      if (found === undefined) return
      context.set('x-handler', ran(...found))
      context.body = 'done'
    })
    return createServer(app.callback())
  },
  'koa router': async () => {
    const { default: Koa } = await import('koa')
    const Router = require('@koa/router')
    const app = new Koa()
    app.silent = true
    app.use((context, next) => {
      context.set('x-early', 'yes')
      return next()
    })
    const router = new Router()
    router.get('/runs', context => void (context.body = runs))
    const users = new Router()
    for (const [method, path] of routes) {
      const handle = context => {
        context.set('x-handler', ran(method, path))
        context.body = 'done'
      }
      if (path.startsWith('/users')) users[method](path.slice('/users'.length), handle)
      else router[method](path, handle)
    }
    router.use('/users', users.routes())
    app.use(router.routes())
    return createServer(app.callback())
  },
  'hono cjs': async () => {
    const { Hono } = require('hono')
    return createServer(await honoListener(Hono))
  },
  hono: async () => {
    const { Hono } = await import('hono')
    return createServer(await honoListener(Hono))
  },
}

void Promise.resolve(apps[process.env.FRAMEWORK]()).then(serve)
