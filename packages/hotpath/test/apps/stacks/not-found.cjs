'use strict'
/** Frameworks behind one server, each asked for by a header: routes that take any path, and none for the rest. */
const http = require('node:http')
const { createRequire } = require('node:module')
const { getRequestListener } = require('@hono/node-server')
const { Hono } = require('hono')

const load = createRequire(process.env.STACKS)

async function handlers() {
  const express = require('express')()
  express.get('/files/*rest', (_request, response) => response.send('ok'))
  const fastify = require('fastify')({ logger: false })
  fastify.get('/files/*', async () => 'ok')
  fastify.setNotFoundHandler(async (request, reply) => reply.code(404).send(request.url))
  await fastify.ready()
  const hono = new Hono()
  hono.use('/files/*', (_c, next) => next())
  hono.get('/files/*', c => c.text('ok'))
  hono.notFound(c => c.text(c.req.path, 404))
  const koa = new (load('koa'))()
  const router = new (load('@koa/router'))()
  router.get('/files/*rest', context => {
    context.body = 'ok'
  })
  koa.silent = true
  koa.use(router.routes())
  return {
    express,
    fastify: fastify.routing,
    hono: getRequestListener(hono.fetch),
    koa: koa.callback(),
    bare: (_request, response) => response.writeHead(404).end(),
  }
}

void (async () => {
  const of = await handlers()
  const server = http.createServer((request, response) =>
    of[request.headers['x-framework']](request, response),
  )
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.once('disconnect', () => {
    server.close()
    server.closeAllConnections()
  })
})()
