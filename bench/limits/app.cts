/**
 * The app whose middleware is measured: one route bare, one with each limit in front, all of which answer the
 * same. No limit is reached.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const PER_MINUTE = 100_000_000
const answer = { hello: 'world' }

async function expressApp(): Promise<Server> {
  const { default: express } = await import('express')
  const { createServer } = await import('node:http')
  const { limitRequests } = await import('hotpath/limit/express')
  const { rateLimit } = await import('express-rate-limit')
  const { slowDown } = await import('express-slow-down')
  const app = express()
  const theirs = { windowMs: 60_000, limit: PER_MINUTE, validate: false } as const
  const slow = slowDown({ windowMs: 60_000, delayAfter: PER_MINUTE, validate: false })
  app.get('/bare', (_, response) => void response.json(answer))
  app.get(
    '/empty',
    (_request, _response, next) => next(),
    (_, response) => void response.json(answer),
  )
  app.get(
    '/hotpath',
    limitRequests({ rate: '900000/s' }),
    (_, response) => void response.json(answer),
  )
  app.get('/express-rate-limit', rateLimit(theirs), (_, response) => void response.json(answer))
  app.get('/express-slow-down', slow, (_, response) => void response.json(answer))
  return createServer(app)
}

async function fastifyApp(): Promise<Server> {
  const { fastify } = await import('fastify')
  const { default: rateLimit } = await import('@fastify/rate-limit')
  const { limitRequests } = await import('hotpath/limit/fastify')
  const app = fastify()
  await app.register(rateLimit, { global: false })
  const handle = async () => answer
  app.get('/bare', handle)
  app.get('/empty', { onRequest: (_request, _reply, done) => done() }, handle)
  app.get('/hotpath', { onRequest: limitRequests({ rate: '900000/s' }) }, handle)
  app.get(
    '/@fastify/rate-limit',
    { config: { rateLimit: { max: PER_MINUTE, timeWindow: 60_000 } } },
    handle,
  )
  await app.ready()
  return app.server
}

void (process.env['BENCH_FRAMEWORK'] === 'express' ? expressApp() : fastifyApp()).then(server => {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ cpuUs: user + system, rssBytes: process.memoryUsage.rss() })
  })
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port })
  })
})
