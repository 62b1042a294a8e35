'use strict'
// Answers by itself what expects `100-continue` or anything else.
const http = require('node:http')
const { serve } = require('./serve.cjs')

const server = http.createServer((_, response) => response.end('request'))
server.on('checkContinue', (request, response) => {
  response.writeContinue()
  request.resume().on('end', () => response.end('continued'))
})
server.on('checkExpectation', (_, response) => response.writeHead(417).end('refused'))
serve(server)
