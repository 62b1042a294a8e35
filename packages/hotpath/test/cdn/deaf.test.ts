import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { processTags } from '../../dist/cache/tags.js'
import type { ListeningClient } from '../../dist/config/outside.js'
import { Outside } from '../../dist/query/invalidation/outside.js'
import { until } from '../serve/cached-server.js'
import { behind } from './told.js'

/** The connection of `invalidation: { listen }`, to a database that can be away. */
class Listening extends EventEmitter {
  static away = true
  static last: Listening | undefined

  async connect(): Promise<void> {
    if (Listening.away) throw new Error('away')
    Listening.last = this
  }

  async query(): Promise<{ rows: { id: string }[] }> {
    return { rows: [{ id: '1/5' }] }
  }

  async end(): Promise<void> {}
}

test('while writes from outside are not heard of, all is purged once, and nothing new is for a CDN', async () => {
  await using shop = await behind({ again: '1ms' })
  const told = async () => (await shop.app.ask('/menu')).headers.get('cdn-cache-control')
  let failedBeats = 0
  const host = {
    caught: () => void failedBeats++,
    say: () => {},
    untraced: (fn: () => unknown) => fn(),
  }
  const outside = new Outside(
    () => new Listening() as unknown as ListeningClient,
    () => undefined,
    processTags(),
    host as unknown as ConstructorParameters<typeof Outside>[3],
  )
  try {
    assert.equal(await told(), 'no-store')
    Listening.away = false
    await until(async () => (await told()) === 'max-age=3600', 'the listening')
    failedBeats = 0
    shop.cdn.purged.length = 0
    Listening.away = true
    Listening.last?.emit('end')
    assert.equal(await told(), 'no-store')
    await until(() => shop.cdn.purged.length > 0, 'the purge of all')
    await until(() => failedBeats >= 4, 'four times that it tries to listen')
    // That purge and its repetition, and perhaps those of the time before.
    assert.ok(shop.cdn.purged.length <= 4, `${shop.cdn.purged.length} purges`)
    assert.equal(await told(), 'no-store')
    Listening.away = false
    await until(async () => (await told()) === 'max-age=3600', 'the listening')
  } finally {
    outside.stop()
    processTags().deaf.clear()
  }
})
