import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertsAnswer } from '../dist/api/answers.js'
import type { ConsoleOptions, RunningConsole } from '../dist/console.js'
import { hotpath } from './cli/hotpath.js'
import { exponential, metrics } from './intake/requests.js'
import { post, withPlace } from './running.js'
import { traceOf } from './store-of.js'
import { checkWebhook } from './watch/forms.js'
import { Receiver } from './watch/receiver.js'
import { secret } from './watch/watched.js'

/** The end of a step some minutes ago: the console refuses telemetry that is of another day. */
const startMs = Math.floor(Date.now() / 10_000) * 10_000 - 300_000

/** Alerts that the requests of `send` make fire: they take 16 ms. */
const alerts = { slow: { route: 'GET /orders/:id', average: '10ms', for: '1m' } }

async function until<T>(read: () => Promise<T> | T, wanted: (value: T) => boolean): Promise<T> {
  const endMs = performance.now() + 20_000
  for (;;) {
    const value = await read()
    if (wanted(value)) return value
    assert.ok(performance.now() < endMs, `waited in vain; last: ${JSON.stringify(value)}`)
    await sleep(20)
  }
}

/** Two minutes of requests, as exporters would have sent them until `endMs`. */
async function send({ url }: RunningConsole, endMs: number): Promise<void> {
  for (let ms = endMs - 120_000; ms <= endMs; ms += 10_000) {
    const point = exponential(20, {
      startTimeUnixNano: `${ms - 10_000}000000`,
      timeUnixNano: `${ms}000000`,
    })
    assert.equal((await post(`${url}/v1/metrics`, metrics([point]))).status, 200)
  }
}

/** Requests of the same route that ask in a loop. */
async function sendLoops({ store }: RunningConsole): Promise<void> {
  const picture = `
    GET /x      ======================  server
      address      == == == == ==       select street from addresses where user_id = $1  #*`
  const spans = [1, 2, 3].flatMap(n =>
    traceOf(n, startMs - n * 1_000, picture, {
      'GET /x': { attributes: { 'http.route': '/orders/:id' } },
    }),
  )
  await store.write({ spans, histograms: [], counters: [] })
}

const ask = async ({ url }: RunningConsole): Promise<AlertsAnswer> =>
  (await (await fetch(`${url}/api/alerts`)).json()) as AlertsAnswer

/** A console of which an alert fires by the telemetry that it was sent. */
async function firing(
  options: ConsoleOptions,
  use: (
    running: RunningConsole,
    start: (options: ConsoleOptions) => Promise<RunningConsole>,
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  // Not yet: what is sent is judged when all of it is there.
  let nowMs = startMs - 600_000
  await withPlace(async ({ start, directory }) => {
    const startAt = (more: ConsoleOptions) =>
      start({ alerts, now: () => nowMs, ...options, ...more })
    const running = await startAt({})
    await sendLoops(running)
    await send(running, startMs)
    nowMs = startMs + 15_000
    await until(
      () => ask(running),
      answer => answer.alerts[0]?.state === 'firing',
    )
    await use(running, startAt, directory)
  })
}

describe('a console with alerts', () => {
  test('watches what it takes in, tells it, and answers what it watches', async () => {
    await using receiver = await Receiver.start()
    await firing({ notify: { ours: { webhook: receiver.url, secret } } }, async running => {
      const {
        alerts: rows,
        notifiers,
        notes,
      } = await until(
        () => ask(running),
        answer => answer.alerts[0]?.deliveries[0]?.state === 'delivered',
      )
      assert.deepEqual(rows, [
        {
          rule: 'slow',
          condition: 'average over 10\u2009ms for 1\u2009min on GET /orders/:id',
          service: 'shop',
          route: 'GET /orders/:id',
          state: 'firing',
          sinceMs: rows[0]?.sinceMs,
          value: 15.625,
          bound: 10,
          unit: 'ms',
          deliveries: [{ notifier: 'ours', state: 'delivered', tries: 1, error: null }],
        },
      ])
      assert.deepEqual([notifiers, notes], [['ours'], []])
      const body = checkWebhook(receiver.received[0] ?? assert.fail(), secret, startMs + 15_000)
      const link = `${running.url}/routes/GET%20%2Forders%2F%3Aid?service=shop`
      assert.ok(JSON.stringify(body).includes(link))
    })
  })

  test('names the finding of the route, and none that is ignored', async () => {
    const told = async (findings: ConsoleOptions['findings']) => {
      await using receiver = await Receiver.start()
      const notify = { ours: { webhook: receiver.url, secret } }
      await firing({ notify, ...(findings && { findings }) }, async () => {
        await until(
          () => receiver.received.length,
          n => n === 1,
        )
      })
      return receiver.received[0]?.body ?? ''
    }
    assert.match(await told(undefined), /5 queries in a loop/)
    const rule = { kind: 'n-plus-one', reason: 'known', until: '2999-12-31' }
    assert.doesNotMatch(await told({ ignore: [rule] }), /queries in a loop/)
  })

  test('takes in telemetry as before while a notifier cannot be reached', async () => {
    await using hanging = await Receiver.start('hang')
    await using absent = await Receiver.start()
    await absent.stop()
    const notify = {
      hanging: { webhook: hanging.url, secret },
      absent: { webhook: absent.url, secret },
    }
    await firing({ notify }, async running => {
      await until(
        () => hanging.received.length,
        n => n === 1,
      )
      // While the message hangs, all of this is taken: it is not waited for.
      const posts = Array.from({ length: 200 }, () =>
        post(`${running.url}/v1/metrics`, metrics([exponential(1)])),
      )
      for (const { status } of await Promise.all(posts)) assert.equal(status, 200)
      const { alerts: rows, notes } = await ask(running)
      const states = rows[0]?.deliveries.map(({ notifier, state }) => [notifier, state])
      assert.deepEqual(states, [
        ['hanging', 'waiting'],
        ['absent', 'waiting'],
      ])
      assert.match(
        notes.join(),
        /absent does not take messages \(1 tries, last: nothing listens there\)/,
      )
    })
  })

  test('that is started again delivers what it had not', async () => {
    await using receiver = await Receiver.start()
    await receiver.stop()
    const notify = { ours: { webhook: receiver.url, secret } }
    await firing({ notify }, async (running, start, directory) => {
      await until(
        () => ask(running),
        answer => answer.alerts[0]?.deliveries[0]?.tries === 1,
      )
      await running.close()
      const file = join(directory, '.hotpath', 'store.duckdb.alerts.json')
      assert.match(readFileSync(file, 'utf8'), /"nothing listens there"/)
      await receiver.start()
      const again = await start({ notify, now: () => startMs + 60_000 })
      await until(
        () => ask(again),
        answer => answer.alerts[0]?.deliveries[0]?.state === 'delivered',
      )
      assert.equal(receiver.received.length, 1)
    })
  })

  test('shows them in the terminal, and as JSON', () =>
    firing({}, async (running, _, directory) => {
      const { stdout, code } = await hotpath(['alerts', '--url', running.url], directory).ended
      assert.equal(code, 0)
      assert.match(stdout, /^1 alert fires of 1 alert watched; nobody is told\./)
      assert.match(stdout, /firing .* 16\u2009ms +10\u2009ms +GET \/orders\/:id of shop +slow/)
      const json = await hotpath(['alerts', '--json', '--url', running.url], directory).ended
      assert.deepEqual(JSON.parse(json.stdout), await ask(running))
    }))

  test('says so when there are none, and when no console watches', () =>
    withPlace(async ({ start, directory }) => {
      const running = await start()
      const none = await hotpath(['alerts', '--url', running.url], directory).ended
      assert.match(none.stdout, /No alert is set up/)
      const config = JSON.stringify({ alerts })
      writeFileSync(join(directory, 'hotpath.console.config.json'), config)
      const unread = await hotpath(['alerts', '--url', running.url], directory).ended
      assert.match(unread.stdout, /hotpath\.console\.config here has 1 rule:/)
      assert.match(unread.stdout, /Start the console again/)
      await running.close()
      writeFileSync(join(directory, 'hotpath.console.config.json'), '{"port":1}')
      const { code, stderr } = await hotpath(['alerts'], directory).ended
      assert.equal(code, 2)
      assert.match(stderr, /Alerts are watched by a running console/)
    }))
})

describe('hotpath alerts --test', () => {
  test('sends to each notifier and says what came back', async () => {
    await using good = await Receiver.start()
    await using bad = await Receiver.start({ status: 404, text: 'no_service' })
    await withPlace(async ({ directory }) => {
      writeFileSync(
        join(directory, 'hotpath.console.config.mjs'),
        `export default { notify: {
          team: { slack: () => process.env.SLACK },
          ours: { webhook: '${good.url}', secret: '${secret}' },
          later: { slack: () => process.env.NOT_SET },
        } }`,
      )
      const run = hotpath(['alerts', '--test'], directory, { SLACK: `${bad.url}/T0/SECRET` })
      const { code, stdout } = await run.ended
      assert.equal(code, 2)
      assert.match(stdout, /^2 notifiers did not take the test message\./)
      assert.match(stdout, /team +slack +it answered 404: no_service/)
      assert.match(stdout, /ours +webhook +delivered/)
      assert.match(stdout, /! The notifier later is off/)
      assert.doesNotMatch(stdout, /SECRET/)
      assert.equal(good.received[0]?.json['type'], 'alert.test')
    })
  })

  test('says how when no notifier is set up', () =>
    withPlace(async ({ directory }) => {
      const { code, stderr } = await hotpath(['alerts', '--test'], directory).ended
      assert.equal(code, 2)
      assert.match(stderr, /No notifier is set up/)
    }))
})
