'use strict'
exports.make = (fastify = require('fastify')) => {
  const app = fastify()
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-refuse']) return reply.code(401).send({})
  })
  app.get('/', async () => ({}))
  // 20 ms in the serialiser, 500 in a hook before it, or 20 before a hook that waits.
  const wait = (ms = 20) => {
    const endMs = performance.now() + ms
    while (performance.now() < endMs);
  }
  const slow = { toJSON: () => (wait(), { name: 'slow' }) }
  app.get('/writes', async () => slow)
  const object = { type: 'object', properties: { name: { type: 'string' } } }
  const schema = { response: { 200: object } }
  app.get('/compiled', { schema }, async () => ({ toJSON: slow.toJSON }))
  const preSerialization = async (request, reply, payload) => (wait(500), payload)
  app.get('/prepares', { preSerialization }, async () => ({ name: 'quick' }))
  const onSend = async (request, reply, payload) => payload
  app.get('/waits', { onSend }, async () => slow)
  app.get('/text', async () => 'text')
  app.get('/users/:id', async request => request.params)
  app.get('/files/*', async () => ({}))
  app.register(
    async scope => {
      scope.get('/orders/:oid', (request, reply) => reply.send({}))
      scope.get('/fails', async () => {
        throw new Error('no')
      })
      scope.setNotFoundHandler((request, reply) => reply.code(404).send({}))
    },
    { prefix: '/shop/:sid' },
  )
  return app
}
