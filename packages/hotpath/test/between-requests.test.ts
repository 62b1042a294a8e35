import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { observe, type ObservedApp } from './observed.js'

const get = 'GET / HTTP/1.1\r\nHost: a\r\n'

/** Sends raw bytes, and waits until the app closed. */
async function sent(app: ObservedApp, text: string): Promise<void> {
  const socket = connect(app.port, '127.0.0.1')
  socket.write(text)
  socket.resume()
  await new Promise(resolve => socket.once('close', resolve))
}

async function seenOf(text: string): Promise<unknown> {
  let seen: unknown
  const { errors } = await observe('between.cjs', async app => {
    await sent(app, text)
    seen = await (await fetch(`${app.url}/seen`)).json()
  })
  assert.deepEqual(errors, [])
  return seen
}

const request = ['before: none', 'handler: a request']

test('between the requests of one connection there is none', async () => {
  const seen = await seenOf(`${get}\r\n${get}\r\n${get}Connection: close\r\n\r\n`)
  assert.deepEqual(seen, [...request, ...request, ...request, 'closed: none', 'handler: a request'])
})

test('nor when what follows a request is no request', async () => {
  const seen = await seenOf(`${get}\r\nnonsense\r\n\r\n`)
  assert.deepEqual(seen, [...request, 'clientError: none', 'closed: none', 'handler: a request'])
})

test('nor after a request that the app emits itself', async () => {
  const seen = await seenOf(`${get}\r\n${get}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`)
  const upgraded = ['upgrade: none', 'handler: a request', 'emitted: none']
  assert.deepEqual(seen, [...request, ...upgraded, 'closed: none', 'handler: a request'])
})
