'use strict'
/** Answers that are large, that nobody waits for, and that a mounted router gives. */
const http = require('node:http')
const express = require('express')
const { serve } = require('./serve.cjs')

const app = express()
const tenants = express.Router({ mergeParams: true })
tenants.get('/items', (request, response) => response.json([]))
app.use('/tenants/:id', tenants)

/** Sockets of an agent that keeps them hold the async context in which they were opened. */
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 100 })
const gone = []
app.get('/left', (request, response) => {
  const { port } = server.address()
  http.get({ port, agent, path: '/tenants/1/items' }, answer => {
    answer.resume()
    response.once('close', () => {
      response.end(Buffer.alloc(9e5, 65))
      gone.push(0)
    })
    request.destroy()
  })
})
app.get('/held', (request, response) => {
  globalThis.gc()
  response.json({ gone: gone.length, megabytes: process.memoryUsage().arrayBuffers / 1e6 })
})

/** Libraries change the iterators of arrays; then the engine has no short way round them. */
const steps = { taken: 0 }
app.get('/counted', (request, response) => {
  const iterators = Object.getPrototypeOf([][Symbol.iterator]())
  const { next } = iterators
  iterators.next = function () {
    steps.taken++
    return next.call(this)
  }
  response.end(Buffer.alloc(100_000, 65))
  iterators.next = next
})
app.get('/steps', (request, response) => response.json(steps))

const server = http.createServer(app)
serve(server)
process.once('disconnect', () => agent.destroy())
