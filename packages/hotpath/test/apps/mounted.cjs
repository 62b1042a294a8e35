'use strict'
/** The same routes with mounts by hand in each framework: test/web/frameworks.ts has the types. */
const { createServer } = require('node:http')
const { Readable } = require('node:stream')

const mountOf = framework => import(`../../dist/web/${framework}.js`)

/** `x-region` is what the client sends through its proxy: the middleware reads it, and the handler does not. */
const REGION = 'x-region'

const express = load => async (routes, figures) => {
  const { cacheResponses } = await mountOf('express')
  const app = load()()
  app.use((request, response, next) => {
    request.region = request.headers[REGION] ?? ''
    response.setHeader('x-request-id', String(Math.random()))
    next()
  })
  app.post('/written', (_, response) => response.status(201).end())
  for (const { path, policy, handle } of routes) {
    const mount = cacheResponses(policy)
    figures.set(path, mount.figures)
    app.get(path, mount, async (request, response) => {
      const { headers, body } = await handle({
        header: name => request.get(name),
        region: request.region,
      })
      response.set(headers ?? {})
      if (typeof body === 'string') response.type('text').send(body)
      else body.pipe(response)
    })
  }
  return createServer(app)
}

const fastify = load => async (routes, figures) => {
  const { cacheResponses } = await mountOf('fastify')
  const app = load()()
  app.addHook('onRequest', async (request, reply) => {
    request.region = request.headers[REGION] ?? ''
    reply.header('x-request-id', String(Math.random()))
  })
  app.post('/written', (_, reply) => reply.code(201).send())
  for (const { path, policy, handle } of routes) {
    const mount = cacheResponses(policy)
    figures.set(path, mount.figures)
    app.get(path, { onRequest: mount }, async (request, reply) => {
      const { headers, body } = await handle({
        header: name => request.headers[name],
        region: request.region,
      })
      reply.headers({ 'content-type': 'text/plain', ...headers })
      return reply.send(body)
    })
  }
  await app.ready()
  return app.server
}

const koa = async (routes, figures) => {
  const { cacheResponses } = await mountOf('koa')
  const { default: Koa } = await import('koa')
  const app = new Koa()
  app.silent = true
  app.use((context, next) => {
    context.state.region = context.get(REGION)
    context.set('x-request-id', String(Math.random()))
    return next()
  })
  for (const { path, policy, handle } of routes) {
    const mount = cacheResponses(policy)
    figures.set(path, mount.figures)
    app.use((context, next) => {
      if (context.path !== path || context.method === 'POST') return next()
      return mount(context, async () => {
        const { headers, body } = await handle({
          header: name => context.req.headers[name],
          region: context.state.region,
        })
        context.body = body
        context.type = 'text/plain'
        context.set(headers ?? {})
      })
    })
  }
  app.use(context => {
    if (context.method === 'POST') context.status = 201
  })
  return createServer(app.callback())
}

const hono = async (routes, figures) => {
  const { cacheResponses } = await mountOf('hono')
  const { Hono } = await import('hono')
  const { getRequestListener } = await import('@hono/node-server')
  const app = new Hono()
  app.use('*', async (context, next) => {
    context.set('region', context.req.header(REGION) ?? '')
    await next()
    context.header('x-request-id', String(Math.random()))
  })
  app.post('/written', context => context.body(null, 201))
  for (const { path, policy, handle } of routes) {
    const mount = cacheResponses(policy)
    figures.set(path, mount.figures)
    app.get(path, mount, async context => {
      const { headers, body } = await handle({
        header: name => context.req.header(name),
        region: context.get('region'),
      })
      const given = typeof body === 'string' ? body : Readable.toWeb(body)
      return context.body(given, 200, { 'content-type': 'text/plain', ...headers })
    })
  }
  return createServer(getRequestListener(app.fetch))
}

module.exports = {
  'Express 4': express(() => require('express4')),
  'Express 5': express(() => require('express')),
  'Fastify 4': fastify(() => require('fastify4')),
  'Fastify 5': fastify(() => require('fastify')),
  Koa: koa,
  Hono: hono,
}
