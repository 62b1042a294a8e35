import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readConfig, resolveConfig } from '../dist/config.js'
import { notifiersOf } from '../dist/watch/notify/notifier.js'
import { conditionOf } from '../dist/watch/words.js'
import { withPlace } from './running.js'

/** Reads a config whose text is a JavaScript expression. */
const read = (text: string) =>
  withPlace(async ({ directory }) => {
    writeFileSync(join(directory, 'hotpath.console.config.mjs'), `export default ${text}`)
    return readConfig(directory)
  })

const whole = `{
  url: 'https://console.example.com/',
  alerts: {
    'slow menu': { route: 'GET /menu', average: '200ms', for: '90s', severity: 'critical' },
    'slow routes': { route: '*', p99: '1s', for: '5m', remind: '4h', notify: ['team'] },
    'errors': { service: 'coffee-shop', errors: '2.5%', minRequests: 50 },
    'error spike': { errors: 'unusual' },
  },
  notify: {
    team: { slack: () => process.env.SLACK_WEBHOOK },
    oncall: { pagerduty: () => process.env.PAGERDUTY_KEY, endpoint: 'https://events.eu.pagerduty.com' },
    ours: { webhook: 'https://example.com/hook', secret: () => process.env.HOOK_SECRET },
  },
}`

describe('alerts in hotpath.console.config', () => {
  test('are read, with functions for secrets, and filled in', async () => {
    const config = resolveConfig({}, await read(whole), {})
    assert.equal(config.url, 'https://console.example.com')
    const conditions = config.alerts.map(rule => conditionOf(rule).replaceAll('\u2009', ' '))
    assert.deepEqual(conditions, [
      'average over 200 ms for 1 min 30 s on GET /menu',
      'p99 over 1 s for 5 min on each route',
      'errors over 2.5 % for 1 min on coffee-shop',
      'errors above usual for 5 min on each route',
    ])
    const everybody = ['team', 'oncall', 'ours']
    assert.deepEqual(
      config.alerts.map(rule => [rule.minRequests, rule.remindMs, rule.severity, rule.notify]),
      [
        [10, null, 'critical', everybody],
        [100, 14_400_000, 'error', ['team']],
        [50, null, 'error', everybody],
        [20, null, 'error', everybody],
      ],
    )
    assert.deepEqual(
      config.notify.map(({ kind, endpoint }) => [kind, endpoint]),
      [
        ['slack', undefined],
        ['pagerduty', 'https://events.eu.pagerduty.com'],
        ['webhook', undefined],
      ],
    )
  })

  const alert = (text: string): string => `{ alerts: { a: ${text} } }`
  const notifier = (text: string): string => `{ notify: { n: ${text} } }`
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    [
      'a misspelt key',
      alert("{ avarage: '1s' }"),
      /`alerts\.a\.avarage`.*mean `alerts\.a\.average`\?/,
    ],
    [
      'no figure to look at',
      alert("{ for: '1m' }"),
      /`alerts\.a` must be an alert with one of average, p50/,
    ],
    ['two figures', alert("{ p50: '1s', p95: '2s' }"), /but is one with p50 and p95/],
    [
      'a bound without unit',
      alert('{ p95: 200 }'),
      /`alerts\.a\.p95` must be a time such as 200ms/,
    ],
    [
      'errors as a number',
      alert('{ errors: 0.02 }'),
      /must be a part such as 2%, or 'unusual', but is 0\.02/,
    ],
    [
      'more errors than there are requests',
      alert("{ errors: '200%' }"),
      /must be a part such as 2%/,
    ],
    ['a time too short to be judged', alert("{ p95: '1s', for: '5s' }"), /a time from 20s to 1h/],
    ['a percentile of a few', alert("{ p95: '1s', minRequests: 5 }"), /of 20 or more.*with 5/],
    [
      'a notifier that is not there',
      "{ alerts: { a: { p95: '1s', notify: ['teem'] } }, notify: { team: { slack: 'https://s/SECRET' } } }",
      /names what stands under `notify` \(team\), but is one that names `teem`/,
    ],
    ['no object', alert("'1s'"), /`alerts\.a` must be an object, but is "1s"/],
    [
      'a notifier of no kind',
      notifier('{}'),
      /`notify\.n` must be .* one of slack, pagerduty, webhook/,
    ],
    [
      'a notifier of two kinds',
      notifier("{ slack: 'SECRET', webhook: 'SECRET' }"),
      /slack and webhook/,
    ],
    [
      'a webhook without secret',
      notifier("{ webhook: 'https://a/SECRET' }"),
      /`webhook` and `secret`/,
    ],
    [
      'an address in the wrong place',
      notifier("'https://hooks.example.com/SECRET'"),
      /`notify\.n` must be/,
    ],
    [
      'an address in a still worse place',
      "{ notify: 'https://h/SECRET' }",
      /`notify` must be an object/,
    ],
    [
      'a secret that is no text',
      notifier('{ slack: ["SECRET"] }'),
      /a text, or a function.*but is not/,
    ],
  ]
  for (const [title, text, reason] of wrong)
    test(`with ${title} are one clear error, which tells no secret`, async () => {
      await assert.rejects(read(text), ({ message }: Error) => {
        assert.match(message, reason)
        assert.doesNotMatch(message, /SECRET/)
        return true
      })
    })

  const badSecrets: readonly (readonly [string, object, RegExp])[] = [
    [
      'an address',
      { slack: () => 'hooks.example.com/SECRET' },
      /notify\.n\.slack` must be an address/,
    ],
    ['a key of PagerDuty', { pagerduty: () => 'SECRET' }, /an integration key of 32 letters/],
    [
      'a secret to sign with',
      { webhook: 'https://example.com', secret: () => 'whsec_SECRET' },
      /whsec_ and 24 to 64 bytes in base64.*makes one/,
    ],
    [
      'a function that throws',
      {
        slack: () => {
          throw new Error('SECRET')
        },
      },
      /must be a function that gives a text/,
    ],
  ]
  for (const [title, n, reason] of badSecrets)
    test(`with ${title} that cannot be right refuse to start, and tell no secret`, () =>
      withPlace(async ({ start }) => {
        await assert.rejects(start({ notify: { n } }), ({ message }: Error) => {
          assert.match(message, reason)
          assert.doesNotMatch(message, /SECRET/)
          return true
        })
      }))

  test('without a key of the environment start all the same, and say that a notifier is off', () => {
    const { notify } = resolveConfig({ notify: { team: { slack: () => undefined } } }, {}, {})
    assert.deepEqual(notifiersOf(notify), {
      notifiers: [],
      off: ['The notifier team is off: what gives its `slack` gave nothing.'],
    })
  })
})
