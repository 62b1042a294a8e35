'use strict'
// Answers by itself what expects `100-continue` or anything else.
const http = require('node:http')
const { serve } = require('./serve.cjs')

const waiting = []
const server = http.createServer((request, response) => {
  if (request.url === '/length') return response.end(String(waiting.length))
  if (request.url === '/open') for (const slow of waiting.splice(0)) slow.end('opened')
  response.end('request')
})
server.on('checkContinue', (request, response) => {
  if (request.url === '/slow') return waiting.push(response)
  response.writeContinue()
  request.resume().on('end', () => response.end('continued'))
})
server.on('checkExpectation', (_, response) => response.writeHead(417).end('refused'))
serve(server)
