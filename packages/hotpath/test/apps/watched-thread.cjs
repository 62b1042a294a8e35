'use strict'
// Knows the recorder's thread: ends it, gives it what cannot be encoded, or holds back what it says of the spans that it took.
const http = require('node:http')
const threads = require('node:worker_threads')
const { serve } = require('./serve.cjs')

const { Worker } = threads
let thread
let holding = false
let held = []
let posted = 0
/** Type of the next message that is spoiled: a time of it is no number. */
let spoils

threads.Worker = class extends Worker {
  constructor(...args) {
    super(...args)
    thread = this
  }
  postMessage(message, ...rest) {
    if (message.type === 'spans') posted++
    if (message.type === spoils) {
      spoils = undefined
      if (message.type === 'spans') message.spans[0].startMs = Number.NaN
      else message.delivery.endMs = Number.NaN
    }
    return super.postMessage(message, ...rest)
  }
  emit(event, message, ...rest) {
    if (holding && event === 'message' && message.type === 'queued') {
      held.push(message)
      return true
    }
    return super.emit(event, message, ...rest)
  }
}

const orders = {
  '/hold': () => void (holding = true),
  '/release': () => {
    holding = false
    for (const message of held) thread.emit('message', message)
    held = []
  },
  '/posted': () => posted,
  '/spoil-spans': () => void (spoils = 'spans'),
  '/spoil-delivery': () => void (spoils = 'delivery'),
  '/end-thread': () => thread.terminate(),
}

serve(
  http.createServer(async (request, response) => {
    const answer = await orders[request.url]?.()
    response.end(String(answer))
  }),
)
