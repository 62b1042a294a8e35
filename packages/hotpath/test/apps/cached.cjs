'use strict'
/**
 * The same public and private routes in each framework, behind the middleware of real applications. It
 * counts how often each handler ran, so that a test knows which answers were the app's own.
 */
const { createServer } = require('node:http')
const { serve } = require('./serve.cjs')

const runs = {}
const ran = path => (runs[path] = (runs[path] ?? 0) + 1)
const menu = () => ({ menu: ['espresso', 'flat white'], price: 3 })

const apps = {
  node: () =>
    createServer((request, response) => {
      const path = request.url.split('?')[0]
      if (path === '/runs') return response.end(JSON.stringify(runs))
      ran(path)
      if (path === '/me') return response.end(`user ${request.headers.cookie ?? 'nobody'}`)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(menu()))
    }),
  express4: () => createServer(express(require('express4'))),
  express5: () => createServer(express(require('express'))),
  fastify: async () => {
    const app = require('fastify')()
    app.get('/runs', async () => runs)
    app.get('/menu', async () => (ran('/menu'), menu()))
    app.get('/me', async request => (ran('/me'), `user ${request.headers.cookie ?? 'nobody'}`))
    await app.ready()
    return app.server
  },
  koa: async () => {
    const { default: Koa } = await import('koa')
    const app = new Koa()
    app.use(context => {
      if (context.path === '/runs') return (context.body = runs)
      ran(context.path)
      context.body = context.path === '/me' ? `user ${context.get('cookie')}` : menu()
    })
    return createServer(app.callback())
  },
  hono: async () => {
    const { Hono } = await import('hono')
    const { getRequestListener } = await import('@hono/node-server')
    const app = new Hono()
    app.get('/runs', context => context.json(runs))
    app.get('/menu', context => (ran('/menu'), context.json(menu())))
    app.get('/me', context => (ran('/me'), context.text(`user ${context.req.header('cookie')}`)))
    return createServer(getRequestListener(app.fetch))
  },
}

function express(express) {
  const app = express()
  const session = require('express-session')
  const passport = require('passport')
  const silent = { write() {} }
  app.get('/runs', (_, response) => response.json(runs))
  app.use(require('morgan')('combined', { stream: silent }))
  app.use(require('pino-http')({}, silent))
  app.use(require('helmet')())
  app.use(require('cors')())
  app.use(session({ secret: 'a', resave: false, saveUninitialized: false }))
  app.use(passport.initialize())
  app.use(passport.session())
  app.get('/menu', (_, response) => {
    ran('/menu')
    response.json(menu())
  })
  app.get('/me', (request, response) => {
    ran('/me')
    response.send(`user ${request.headers.cookie ?? 'nobody'}`)
  })
  app.post('/menu', (_, response) => response.status(201).end())
  app.get('/session', (request, response) => {
    ran('/session')
    request.session.seen = true
    response.json(menu())
  })
  return app
}

Promise.resolve(apps[process.env.FRAMEWORK ?? 'node']()).then(serve)
