import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { times } from '../store-of.js'
import { checkPagerduty, checkSlack, checkWebhook } from './forms.js'
import { Receiver } from './receiver.js'
import { console, routingKey, secret, Watched } from './watched.js'

const fast = { ms: times(20, 50) }
const slow = { ms: times(20, 400) }
const alerts = { 'slow menu': { route: 'GET /menu', average: '200ms', for: '1m' } }

/** A watcher that has just fired, and sent to a receiver that was prepared. */
async function fired(
  prepare: (receiver: Receiver) => void | Promise<void>,
  use: (watched: Watched, receiver: Receiver) => Promise<void>,
  options: { readonly patienceMs?: number } = {},
): Promise<void> {
  await using receiver = await Receiver.start()
  const notify = { ours: { webhook: `${receiver.url}/hooks/a-secret-path`, secret } }
  await Watched.with({ alerts, notify, ...options }, async watched => {
    await watched.steps(6, slow)
    await prepare(receiver)
    await watched.step(slow)
    await use(watched, receiver)
  })
}

const ids = ({ received }: Receiver): unknown[] =>
  received.map(({ headers }) => headers['webhook-id'])
const kinds = ({ received }: Receiver): unknown[] => received.map(({ json }) => json['type'])

function delivery({ watcher }: Watched) {
  const [receipt] = watcher.alerts().flatMap(({ deliveries }) => Object.values(deliveries))
  return receipt ?? assert.fail('no message was sent')
}

describe('a message that is not taken goes again', () => {
  test('after a 500, with the same id and a signature of the new time', () =>
    fired(
      receiver => void receiver.answers.push({ status: 500, text: 'oh' }, { status: 503 }),
      async (watched, receiver) => {
        assert.deepEqual(delivery(watched), {
          state: 'waiting',
          tries: 1,
          error: 'it answered 500: oh',
        })
        assert.match(
          watched.watcher.notes().join(),
          /ours does not take messages \(1 tries.*500: oh/,
        )
        await watched.pass(4_000)
        assert.equal(receiver.received.length, 1)
        await watched.pass(1_000)
        await watched.pass(10_000)
        assert.deepEqual(delivery(watched), { state: 'delivered', tries: 3, error: null })
        assert.equal(new Set(ids(receiver)).size, 1)
        const seconds = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']))
        assert.deepEqual(
          seconds.map(second => second - (seconds[0] ?? 0)),
          [0, 5, 15],
        )
        for (const received of receiver.received)
          checkWebhook(received, secret, Number(received.headers['webhook-timestamp']) * 1e3)
        await watched.pass(86_400_000)
        assert.equal(receiver.received.length, 3)
      },
    ))

  for (const [form, header] of [
    ['seconds', () => '120'],
    ['a date', (nowMs: number) => new Date(nowMs + 120_000).toUTCString()],
  ] as const)
    test(`not before the Retry-After of a 429, in ${form}`, async () => {
      let watching: Watched | undefined
      await using receiver = await Receiver.start()
      const notify = { ours: { webhook: receiver.url, secret } }
      await Watched.with({ alerts, notify }, async watched => {
        watching = watched
        await watched.steps(6, slow)
        const headers = { 'retry-after': header(watching.nowMs + 10_000) }
        receiver.answers.push({ status: 429, headers })
        await watched.step(slow)
        await watched.pass(119_000)
        assert.equal(receiver.received.length, 1)
        await watched.pass(1_000)
        assert.equal(receiver.received.length, 2)
        assert.equal(delivery(watched).state, 'delivered')
      })
    })

  test('when the receiver hangs', () =>
    fired(
      receiver => void receiver.answers.push('hang'),
      async (watched, receiver) => {
        assert.equal(delivery(watched).error, 'it did not answer within 2 s')
        await watched.pass(5_000)
        assert.deepEqual([delivery(watched).state, receiver.received.length], ['delivered', 2])
      },
      { patienceMs: 2_000 },
    ))

  test('when the receiver is down, and is started again', () =>
    fired(
      receiver => receiver.stop(),
      async (watched, receiver) => {
        assert.equal(delivery(watched).error, 'nothing listens there')
        await receiver.start()
        await watched.pass(5_000)
        assert.deepEqual(
          [delivery(watched).state, kinds(receiver)],
          ['delivered', ['alert.firing']],
        )
      },
    ))

  test('when the console is started again, and when it is killed', () =>
    fired(
      receiver => receiver.stop(),
      async (watched, receiver) => {
        await watched.restart()
        await watched.pass(5_000)
        await watched.crash()
        await receiver.start()
        await watched.pass(60_000)
        await watched.crash()
        await watched.pass(60_000)
        assert.deepEqual(kinds(receiver), ['alert.firing'])
        assert.equal(delivery(watched).tries, 3)
      },
    ))

  test('but not when it is wrong in itself, or after a day; then it is said', async () => {
    await fired(
      receiver => void receiver.answers.push({ status: 400, text: 'invalid_payload' }),
      async (watched, receiver) => {
        assert.deepEqual(delivery(watched), {
          state: 'given up',
          tries: 1,
          error: 'it answered 400: invalid_payload',
        })
        assert.deepEqual(watched.watcher.notes(), ['Messages of alerts that were given up: 1.'])
        await watched.pass(3_600_000)
        assert.equal(receiver.received.length, 1)
      },
    )
    await fired(
      receiver => void (receiver.usually = { status: 302, headers: { location: '/elsewhere' } }),
      async (watched, receiver) => {
        for (let hour = 0; hour < 23; hour++) await watched.pass(3_600_000)
        assert.deepEqual([delivery(watched).state, delivery(watched).tries], ['waiting', 24])
        await watched.pass(3_600_000)
        assert.equal(delivery(watched).state, 'given up')
        await watched.pass(86_400_000)
        assert.equal(receiver.received.length, 25)
        assert.ok(receiver.received.every(({ path }) => path === '/hooks/a-secret-path'))
      },
    )
  })

  test('in order: the end of an alert never overtakes its begin', () =>
    fired(
      receiver => void (receiver.usually = { status: 500 }),
      async (watched, receiver) => {
        await watched.minutes(3, fast)
        assert.ok(kinds(receiver).every(kind => kind === 'alert.firing'))
        receiver.received.length = 0
        receiver.usually = { status: 200 }
        await watched.pass(3_600_000)
        assert.deepEqual(kinds(receiver), ['alert.firing', 'alert.resolved'])
      },
    ))

  test('without holding up another notifier', async () => {
    await using dead = await Receiver.start('hang')
    await using ours = await Receiver.start()
    const notify = { slack: { slack: dead.url }, ours: { webhook: ours.url, secret } }
    await Watched.with({ alerts, notify, patienceMs: 60_000 }, async watched => {
      await watched.record(7, slow)
      await watched.watcher.tick()
      const attempt = watched.watcher.deliver()
      while (ours.received.length === 0) await new Promise(resolve => setImmediate(resolve))
      assert.deepEqual(kinds(ours), ['alert.firing'])
      // Closing breaks off what hangs.
      await watched.watcher.close()
      await attempt
    })
  })

  test('and never says the address, which is a secret', () =>
    fired(
      receiver => receiver.stop(),
      async watched => {
        const said = [...watched.watcher.notes(), JSON.stringify(watched.watcher.alerts())].join()
        for (const text of [said, readFileSync(watched.file, 'utf8')])
          assert.doesNotMatch(text, /a-secret-path|whsec/)
      },
    ))
})

describe('an episode', () => {
  test('is told once, however often the console is started or killed', () =>
    fired(
      () => undefined,
      async (watched, receiver) => {
        const episode = (i: number): unknown =>
          (receiver.received[i]?.json['data'] as { episode?: unknown } | undefined)?.episode
        await watched.restart()
        await watched.steps(3, slow)
        await watched.crash()
        await watched.steps(3, slow)
        // Half of what ends it happens before a crash, half after.
        await watched.steps(5, fast)
        await watched.crash()
        await watched.steps(5, fast)
        assert.deepEqual(kinds(receiver), ['alert.firing', 'alert.resolved'])
        assert.equal(episode(0), episode(1))
        await watched.minutes(2, slow)
        assert.deepEqual(kinds(receiver).length, 3)
        assert.notEqual(episode(1), episode(2))
      },
    ))

  test('goes on from where it was judged: nothing that came meanwhile is left out', () =>
    watchedOf(async (watched, receiver) => {
      await watched.steps(4, slow)
      await watched.crash()
      // The intake of the new one has taken two steps before it first looks.
      await watched.record(3, slow)
      await watched.look()
      assert.deepEqual(kinds(receiver), ['alert.firing'])
    }))

  test('that was judged but not kept before a crash is told with the same id', () =>
    watchedOf(async (watched, receiver) => {
      await watched.steps(6, slow)
      const before = readFileSync(watched.file, 'utf8')
      await watched.step(slow)
      // As if the disk had kept nothing of it.
      writeFileSync(watched.file, before)
      await watched.crash()
      await watched.look()
      assert.equal(receiver.received.length, 2)
      assert.equal(new Set(ids(receiver)).size, 1)
    }))

  test('ends when its rule is taken out of the config, and that is told', () =>
    watchedOf(async (watched, receiver) => {
      await watched.steps(7, slow)
      const notify = { ours: { webhook: receiver.url, secret } }
      await watched.restart({ alerts: {}, notify })
      await watched.pass(60_000)
      await watched.restart({ alerts: {}, notify })
      await watched.pass(60_000)
      assert.deepEqual(kinds(receiver), ['alert.firing', 'alert.resolved'])
      assert.match(receiver.received[1]?.body ?? '', /"reason":"removed"/)
    }))

  test('survives a file that was damaged, and says so', () =>
    watchedOf(async (watched, receiver) => {
      await watched.steps(7, slow)
      writeFileSync(watched.file, '{"version":1,')
      await watched.crash()
      await watched.look()
      assert.ok(existsSync(`${watched.file}.damaged`))
      assert.match(watched.watcher.notes().join(), /could not be read; it lies in .*\.damaged/)
      assert.deepEqual(watched.states(), { 'GET /menu': 'firing' })
      // It is found again from the telemetry, and is the same message: who gets it can tell.
      assert.equal(new Set(ids(receiver)).size, 1)
    }))

  test('needs a small file, also with hundreds of routes and a receiver that is down', async () => {
    await using receiver = await Receiver.start({ status: 500 })
    const notify = { slack: { slack: receiver.url }, ours: { webhook: receiver.url, secret } }
    const each = { each: { route: '*', average: '200ms', remind: '5m' } }
    await Watched.with({ alerts: each, notify }, async watched => {
      const loads = Array.from({ length: 300 }, (_, i) => ({ ...slow, route: `/r${i}` }))
      await watched.minutes(3, ...loads)
      await watched.minutes(6, ...loads)
      assert.ok(statSync(watched.file).size < 500_000, `${statSync(watched.file).size} bytes`)
    })
  })
})

describe('text from telemetry', () => {
  test('is never markup, a mention or too long, in any of the forms', async () => {
    await using slack = await Receiver.start()
    await using pagerduty = await Receiver.start({ status: 202 })
    await using ours = await Receiver.start()
    const notify = {
      slack: { slack: slack.url },
      oncall: { pagerduty: routingKey, endpoint: `${pagerduty.url}/` },
      ours: { webhook: ours.url, secret },
    }
    const hostile = [
      '/<!channel>',
      '/<@U012AB3CD>',
      '/<https://evil.example|click>',
      '/a&b&amp;c',
      '/`code` *bold* _under_ ~gone~ :smile:',
      '/line\nbreak\u0000\u001b[2J\u202e',
      `/${'<'.repeat(3_000)}`,
      `/${'\ud83d\ude00'.repeat(2_000)}`,
      '/\ud83d',
      "/'; drop table spans; --",
    ]
    const rules = { '<!here> & *rule*': { route: '*', average: '200ms' } }
    await Watched.with({ alerts: rules, notify }, async watched => {
      await watched.record(7, ...hostile.map(route => ({ ...slow, route })), {
        ...slow,
        service: '<!everyone>`',
      })
      await watched.look()
      const text = checkSlack(slack.received[0] ?? assert.fail(), console)
      assert.match(text, /`GET \/&lt;!channel&gt;`/)
      assert.match(text, /`GET \/a&amp;b&amp;amp;c`/)
      checkPagerduty(pagerduty.received[0] ?? assert.fail(), routingKey)
      assert.equal(ours.received.length, 1)
    })
  })
})

async function watchedOf(
  use: (watched: Watched, receiver: Receiver) => Promise<void>,
): Promise<void> {
  await using receiver = await Receiver.start()
  const notify = { ours: { webhook: receiver.url, secret } }
  await Watched.with({ alerts, notify }, watched => use(watched, receiver))
}
