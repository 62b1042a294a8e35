'use strict'
// What grows without end in an app that means no harm: names of spans, spans that are never ended, work
// that a request leaves behind, timers that live on.
const { trace } = require('@opentelemetry/api')
const express = require('express')
const { serve } = require('./serve.cjs')

const tracer = trace.getTracer('crowd')
const app = express()

app.get('/names/:n', (request, response) => {
  for (let n = 0; n < Number(request.params.n); n++) {
    tracer
      .startSpan(`work of tenant ${'abcdefghij'[n % 10]}${n.toString(36)}`, { root: true })
      .end()
  }
  response.end()
})
app.get('/forgets/:n', (request, response) => {
  for (let n = 0; n < Number(request.params.n); n++) {
    tracer.startActiveSpan('forgotten', { root: true }, () => {
      for (const child of ['one', 'two']) tracer.startSpan(child).end()
    })
  }
  response.end()
})
app.get('/leaves/:n', (request, response) => {
  const work = Array.from({ length: Number(request.params.n) }, () => tracer.startSpan('left'))
  response.end(() => {
    setImmediate(() => {
      for (const span of work) span.end()
      for (let n = 0; n < Number(request.params.n); n++) tracer.startSpan('later').end()
    })
  })
})
/** Each request leaves a timer; gives the bytes in use. */
app.get('/timers/:spans', (request, response) => {
  for (let n = 0; n < Number(request.params.spans); n++) {
    tracer.startSpan('step', { attributes: { 'shop.step': 'x'.repeat(900) + n } }).end()
  }
  setInterval(() => {}, 1e6).unref()
  response.end()
})
app.get('/heap', (_, response) => {
  global.gc()
  response.end(String(process.memoryUsage().heapUsed))
})
app.get('/hello', (_, response) => {
  tracer.startSpan('below').end()
  response.end('hello')
})

serve(require('node:http').createServer(app))
