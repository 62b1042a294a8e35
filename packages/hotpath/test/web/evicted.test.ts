import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frameworks, startApp } from './frameworks.js'

const [framework = ''] = frameworks

test('answers that went for want of room are in the figures of each mount, which share one memory', async () => {
  const policy = { ttl: '10m', maxBytes: 30_000_000 }
  const body = 'x'.repeat(20_000_000)
  const big = { path: '/big', policy, handle: () => ({ body }) }
  const small = { path: '/small', policy, handle: () => ({ body: 'espresso' }) }
  await using app = await startApp(framework, [big, small])
  const ask = async (path: string) => (await fetch(app.url + path)).text()
  await ask('/small')
  for (let n = 0; n < 3; n++) await ask(`/big?n=${n}`)
  assert.equal(app.figures('/big').counts['evicted'], undefined)
  // The small one, which nobody asked for since, and the first of the big ones.
  await ask('/big?n=3')
  for (const path of ['/big', '/small']) assert.equal(app.figures(path).counts['evicted'], 2)
})
