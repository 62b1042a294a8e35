import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { schema } from '../dist/store/duckdb/schema.js'
import { openStore } from '../dist/store/open.js'
import { spanOf } from './store/batches.js'
import { withPlace } from './running.js'

const batch = (
  t: number,
  k = 0,
): Parameters<Awaited<ReturnType<typeof openStore>>['write']>[0] => ({
  spans: [spanOf(t, k)],
  histograms: [],
  counters: [],
})

/** Runs `work` with the path of a store that holds one span and is closed. */
const withFile = (work: (path: string) => Promise<void>): Promise<void> =>
  withPlace(async ({ directory }) => {
    const path = join(directory, 'store.duckdb')
    const store = await openStore({ path })
    await store.write(batch(0))
    await store.close()
    await work(path)
  })

const refusedWith = (path: string, code: string, says: RegExp, readOnly = false): Promise<void> =>
  assert.rejects(openStore({ path, readOnly }), error => {
    const {
      code: got,
      message,
      exitCode,
    } = error as { code: string; message: string; exitCode: number }
    assert.equal(got, code, message)
    assert.match(message, says)
    assert.ok(message.includes(path) && exitCode === 2)
    return true
  })

async function change(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}

describe('a store that cannot be opened is one clear error', () => {
  test('of a newer version', () =>
    withFile(async path => {
      await change(path, "update meta set value = '99'")
      await refusedWith(path, 'STORE_NEWER', /format 99, this console reads up to 5. Update/)
    }))

  test('of an older version, when it is only read; a console brings it up to date', () =>
    withPlace(async ({ directory }) => {
      const path = join(directory, 'store.duckdb')
      const first = spanOf(0, 0)
      await change(
        path,
        `${schema}
        insert into sources values (1, 'shop', 'process 0');
        insert into spans values ('${first.traceId}', '${first.spanId}', null, 1, 'GET', 1,
          ${first.startNs}, 7, 2, '${JSON.stringify(first.attributes)}', null, true, 'GET /menu', 500)`,
      )
      await refusedWith(path, 'STORE_OLDER', /format 1.*Start the console on it once/, true)
      const store = await openStore({ path })
      assert.deepEqual(await store.spans(first.traceId), [{ ...first, durationNs: 7 }])
      const [listed] = await store.traces({ sinceMs: 0, limit: 9 })
      assert.deepEqual([listed?.route, listed?.statusCode, listed?.spans], ['GET /menu', 500, 1])
      await store.close()
      await (await openStore({ path, readOnly: true })).close()
    }))

  test('damaged in the middle, in its head, or cut short; it is left as it is', () =>
    withFile(async path => {
      const whole = readFileSync(path)
      const damages = [
        (): void => overwrite(path, 4_096 * 2, 300),
        (): void => overwrite(path, 4_096 * 3 + 10, 200_000),
        (): void => truncateSync(path, 9_000),
      ]
      for (const damage of damages) {
        writeFileSync(path, whole)
        damage()
        const damaged = readFileSync(path)
        await refusedWith(path, 'STORE_CORRUPT', /damaged.*Move it aside/)
        assert.deepEqual(readFileSync(path), damaged)
      }
    }))

  test('that is something else', () =>
    withPlace(async ({ directory }) => {
      const text = join(directory, 'text.duckdb')
      writeFileSync(text, 'not a database '.repeat(1_000))
      await refusedWith(text, 'STORE_FOREIGN', /not a DuckDB file/)
      const other = join(directory, 'other.duckdb')
      await change(other, 'create table mine as select 1 as a')
      await refusedWith(other, 'STORE_FOREIGN', /with other tables/)
    }))

  test('in a place that cannot be written, or where nothing is', () =>
    withPlace(async ({ directory }) => {
      writeFileSync(join(directory, 'file'), '')
      await refusedWith(join(directory, 'file', 'store.duckdb'), 'STORE_DIRECTORY', /write access/)
      const taken = join(directory, 'a-directory')
      mkdirSync(taken)
      await refusedWith(taken, 'STORE_DIRECTORY', /directory/i)
      await refusedWith(join(directory, 'none.duckdb'), 'STORE_MISSING', /hotpath serve/, true)
      assert.ok(!existsSync(join(directory, 'none.duckdb')), 'reading makes no file')
    }))

  test('open in another process, which is named', () =>
    withFile(async path => {
      const main = `
        import { openStore } from ${JSON.stringify(new URL('../dist/store/open.js', import.meta.url).href)}
        await openStore({ path: ${JSON.stringify(path)} })
        console.log('open')`
      const child = spawn(process.execPath, ['--input-type=module', '-e', main], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        await once(child.stdout, 'data')
        for (const readOnly of [false, true])
          await refusedWith(path, 'STORE_LOCKED', new RegExp(`process ${child.pid}`), readOnly)
      } finally {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      // The other was killed, and nothing of it is in the way.
      const store = await openStore({ path })
      assert.equal((await store.status()).spans, 1)
      await store.close()
    }))
})

describe('the store', () => {
  test('makes its directory, and starts again on a file that a killed start left empty', () =>
    withPlace(async ({ directory }) => {
      const path = join(directory, 'a', 'b', 'store.duckdb')
      await (await openStore({ path })).close()
      writeFileSync(path, '')
      const store = await openStore({ path })
      assert.equal((await store.status()).spans, 0)
      await store.close()
    }))

  test('opened to be read only answers the same and writes nothing', () =>
    withFile(async path => {
      const store = await openStore({ path, readOnly: true })
      assert.equal((await store.traces({ sinceMs: 0, limit: 10 })).length, 1)
      await assert.rejects(store.write(batch(1)), { code: 'STORE_WRITE' })
      await store.close()
    }))

  test('refuses what would wait beyond its limit, and takes it later', () =>
    withPlace(async ({ directory }) => {
      const store = await openStore({ path: join(directory, 'store.duckdb'), queueBytes: 2_000 })
      const writes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, t) => store.write(batch(t))),
      )
      const refused = writes.filter(write => write.status === 'rejected')
      assert.ok(refused.length > 0 && refused.length < 20)
      for (const { reason } of refused)
        assert.equal((reason as { code: string }).code, 'STORE_BUSY')
      await store.write(batch(0))
      assert.equal((await store.status()).spans, 20 - refused.length + 1)
      await store.close()
    }))

  test('keeps at most 5,000 series of a metric apart and counts the rest together', () =>
    withPlace(async ({ directory }) => {
      const store = await openStore({ path: join(directory, 'store.duckdb') })
      const point = {
        metric: 'db.client.operation.duration',
        service: 'shop',
        instance: 'p',
        startNs: 1n,
        endNs: 2n,
        sampled: false,
        histogram: { count: 1, sum: 1, scale: 0, zeroCount: 1, offset: 0, buckets: [] },
      } as const
      const histograms = Array.from({ length: 5_010 }, (_, i) => ({
        ...point,
        attributes: { 'db.query.text': `select ${i}` },
      }))
      await store.write({ spans: [], histograms, counters: [] })
      const series = await store.series('db.client.operation.duration', { sinceMs: -1 })
      const rest = series.find(each => each.attributes['otel.metric.overflow'] === true)
      assert.deepEqual([series.length, rest?.histogram.count], [5_001, 10])
      await store.close()
    }))
})

function overwrite(path: string, at: number, length: number): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(length, 7), 0, length, at)
  closeSync(file)
}
