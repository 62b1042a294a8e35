import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openStore } from '../dist/store/open.js'
import { exponential, metrics, span, traces } from './intake/requests.js'
import { always, post, withPlace } from './running.js'

const requests = 'http.server.request.duration'

describe('what was acknowledged is there', () => {
  test('once, through 20 restarts with deliveries sent again', async () => {
    await withPlace(async ({ start }) => {
      let sent = 0
      let running = await start()
      for (let sequence = 1; sequence <= 20; sequence++) {
        const count = sequence * 3
        const delivery = metrics([exponential(count)], { sequence })
        sent += count
        // Acknowledged, but the answer got lost: so it comes again, now and after the restart.
        await post(`${running.url}/v1/metrics`, delivery)
        await post(`${running.url}/v1/metrics`, delivery)
        await running.close()
        running = await start()
        await post(`${running.url}/v1/metrics`, delivery)
        const [series] = await running.store.series(requests, always)
        assert.equal(series?.histogram.count, sent)
        const [state] = await running.store.deliveries(always)
        assert.deepEqual([state?.received, state?.missing], [sequence, 0])
      }
    })
  })

  test('after kill -9 while it writes', async () => {
    await withPlace(async ({ directory }) => {
      const main = `
        import { startConsole } from ${JSON.stringify(new URL('../dist/console.js', import.meta.url).href)}
        const running = await startConsole({ port: 0 })
        console.log(running.url)`
      const acknowledged = { spans: new Set<string>(), requests: 0 }
      for (let round = 0; round < 3; round++) {
        const child = spawn(process.execPath, ['--input-type=module', '-e', main], {
          cwd: directory,
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const exited = once(child, 'exit')
        const [line] = (await once(child.stdout, 'data')) as [Buffer]
        const url = line.toString().trim()
        const sender = async (lane: number): Promise<void> => {
          for (let n = 0; ; n++) {
            const spanId = [round + 1, lane + 1, n]
              .map(x => x.toString(16).padStart(5, '0'))
              .join('')
            const sequence = n + 1
            const from = { attributes: instanceAttributes(`${round}-${lane}`) }
            try {
              const wrote = await post(`${url}/v1/traces`, traces([span({ spanId: `0${spanId}` })]))
              if (wrote.status === 200) acknowledged.spans.add(`0${spanId}`)
              const counted = await post(
                `${url}/v1/metrics`,
                metrics([exponential(2)], { from, sequence }),
              )
              if (counted.status === 200) acknowledged.requests += 2
            } catch {
              // The console is gone: what was under way is not acknowledged.
              return
            }
            if (lane === 0 && n === 30) child.kill('SIGKILL')
          }
        }
        await Promise.all([0, 1, 2, 3].map(sender))
        assert.deepEqual(await exited, [null, 'SIGKILL'])
      }
      const store = await openStore({ path: join(directory, '.hotpath', 'store.duckdb') })
      try {
        const spans = await store.spans('0af7651916cd43dd8448eb211c80319c', 100_000)
        const stored = new Set(spans.map(each => each.spanId))
        assert.ok(acknowledged.spans.size > 90)
        for (const id of acknowledged.spans)
          assert.ok(stored.has(id), `span ${id} was acknowledged`)
        const series = await store.series(requests, always)
        const counted = series
          .filter(each => !each.sampled)
          .reduce((sum, each) => sum + each.histogram.count, 0)
        // At most one delivery of each of the 12 senders was under way, written but not answered.
        assert.ok(counted >= acknowledged.requests && counted <= acknowledged.requests + 24)
      } finally {
        await store.close()
      }
    })
  })
})

const instanceAttributes = (instance: string): object[] => [
  { key: 'service.name', value: { stringValue: 'shop' } },
  { key: 'service.instance.id', value: { stringValue: instance } },
]
