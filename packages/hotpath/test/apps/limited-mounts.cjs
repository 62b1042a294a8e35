'use strict'
/** A route with a limit by hand in each framework, behind a login that takes whoever a header names. */
const { createServer } = require('node:http')

const mountOf = framework => import(`../../dist/web/limit/${framework}.js`)

const express =
  load =>
  async ({ kind, options, answer = () => 'done' }, path) => {
    const mount = (await mountOf('express'))[kind](options)
    const app = load()()
    app.use((request, response, next) => {
      const name = request.headers['x-user']
      if (name !== undefined) request.user = { id: name }
      response.setHeader('x-early', 'yes')
      next()
    })
    app.get(path, mount, async (_, response) =>
      response.set('x-handler', 'yes').send(await answer()),
    )
    return { server: createServer(app), figures: mount.figures }
  }

const fastify =
  load =>
  async ({ kind, options, answer = () => 'done' }, path) => {
    const mount = (await mountOf('fastify'))[kind](options)
    const app = load()()
    app.addHook('onRequest', async (request, reply) => {
      const name = request.headers['x-user']
      if (name !== undefined) request.user = { sub: name }
      reply.header('x-early', 'yes')
    })
    app.get(path, { preHandler: mount }, async (_, reply) =>
      reply.header('x-handler', 'yes').send(await answer()),
    )
    await app.ready()
    return { server: app.server, figures: mount.figures }
  }

const koa = async ({ kind, options, answer = () => 'done' }, path) => {
  const mount = (await mountOf('koa'))[kind](options)
  const { default: Koa } = await import('koa')
  const app = new Koa()
  app.silent = true
  app.use((context, next) => {
    const name = context.get('x-user')
    if (name !== '') context.state.user = { id: name }
    context.set('x-early', 'yes')
    return next()
  })
  app.use((context, next) => {
    const isRoute = context.path.toLowerCase().replace(/(.)\/$/, '$1') === path
    if (!isRoute || !/GET|HEAD/.test(context.method)) return
    return mount(context, next)
  })
  app.use(async context => {
    context.set('x-handler', 'yes')
    context.body = await answer()
  })
  return { server: createServer(app.callback()), figures: mount.figures }
}

const hono = async ({ kind, options, answer = () => 'done' }, path) => {
  const mount = (await mountOf('hono'))[kind](options)
  const { Hono } = await import('hono')
  const { getRequestListener } = await import('@hono/node-server')
  const app = new Hono()
  app.use('*', async (context, next) => {
    const name = context.req.header('x-user')
    if (name !== undefined) context.set('user', { id: name })
    await next()
    context.header('x-early', 'yes')
  })
  app.get(path, mount, async context => {
    context.header('x-handler', 'yes')
    return context.text(await answer())
  })
  return { server: createServer(getRequestListener(app.fetch)), figures: mount.figures }
}

module.exports = {
  'Express 4': express(() => require('express4')),
  'Express 5': express(() => require('express')),
  'Fastify 4': fastify(() => require('fastify4')),
  'Fastify 5': fastify(() => require('fastify')),
  Koa: koa,
  Hono: hono,
}
