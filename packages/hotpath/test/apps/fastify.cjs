'use strict'
const fastify = require('fastify')
exports.make = () => {
  const app = fastify()
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-refuse']) return reply.code(401).send({})
  })
  app.get('/', async () => ({}))
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
