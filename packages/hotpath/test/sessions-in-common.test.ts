import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { effectOf } from '../dist/query/effect.js'
import type { Client } from '../dist/query/pg/client.js'
import { Sessions } from '../dist/query/pg/sessions.js'

const connectionParameters = { host: 'db', database: 'shop', user: 'app' }
const client = (): Client => ({ connectionParameters, _pulseQueryQueue: () => {} })

/** A pool of two connections, and what their app runs on each. */
function poolOfTwo() {
  const sessions = new Sessions()
  const clients = [client(), client()]
  const runs = (at: number, text: string) =>
    sessions.of(clients[at] as Client).sees(effectOf(text), text, undefined)
  const alike = () => sessions.common(clients) !== undefined
  return { sessions, clients, runs, alike }
}

describe('connections of a pool share answers', () => {
  test('until one of them changes its session, and again when that is discarded', () => {
    const { runs, alike } = poolOfTwo()
    runs(0, 'select 1')
    assert.equal(alike(), true)
    runs(0, 'set search_path = other')
    assert.equal(alike(), false)
    runs(0, 'discard all')
    assert.equal(alike(), true)
  })

  test('not while one has called a function of which nobody knows what it sets', () => {
    const { sessions, clients, runs, alike } = poolOfTwo()
    assert.equal(alike(), true)
    runs(1, 'select become($1)')
    assert.equal(alike(), false)
    sessions.of(clients[1] as Client).judge({ mayChangeSession: () => false })
    assert.equal(alike(), true)
    runs(1, 'select become($1)')
    sessions.of(clients[1] as Client).judge({ mayChangeSession: () => true })
    assert.equal(alike(), false)
  })

  test('only where each of them was set up alike, the newest with them', () => {
    const { sessions, clients, runs, alike } = poolOfTwo()
    for (const at of [0, 1]) runs(at, `set time zone 'UTC'`)
    assert.equal(alike(), true)
    clients.push(client())
    assert.equal(alike(), false)
    runs(2, `set time zone 'UTC'`)
    assert.equal(alike(), true)
    assert.equal(sessions.common(undefined), undefined)
  })
})
