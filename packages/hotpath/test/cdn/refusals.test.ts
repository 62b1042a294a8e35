import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CdnPurger, cloudflare, cloudfront, fastly } from 'hotpath/cdn'
import {
  awsError,
  Cloudfront,
  cloudflareForm,
  fastlyForm,
  Service,
  TOKEN,
  ZONE,
} from './services.js'

const never = (): AbortSignal => AbortSignal.timeout(30_000)

for (const [name, form, make] of [
  ['cloudflare', cloudflareForm, (api: string) => cloudflare({ zone: ZONE, token: TOKEN, api })],
  ['fastly', fastlyForm, (api: string) => fastly({ service: 'SU1', token: TOKEN, api })],
] as const)
  describe(`${name} refuses`, () => {
    let service: Service
    let purger: CdnPurger
    before(async () => {
      service = await Service.start(form)
      purger = make(service.url)
    })
    after(() => service.away())

    test('with 429: it says how long to wait', async () => {
      service.reply = { status: 429, headers: { 'retry-after': '17' } }
      assert.deepEqual(await purger.purge(['a'], never()), {
        ok: false,
        reason: 'status 429',
        retryAfterMs: 17_000,
      })
    })

    test('with 429 until a date', async () => {
      const date = new Date(Date.now() + 3_600_000).toUTCString()
      service.reply = { status: 429, headers: { 'retry-after': date } }
      const result = await purger.purge(['a'], never())
      assert.ok(!result.ok && Math.abs((result.retryAfterMs ?? 0) - 3_600_000) < 60_000)
    })

    for (const status of [500, 502, 503])
      test(`with ${status}: that may pass`, async () => {
        service.reply = { status }
        const result = await purger.purge(['a'], never())
        assert.ok(!result.ok && result.final === undefined)
      })

    for (const status of [400, 401, 403])
      test(`with ${status}: that stays, and the token is not in the reason`, async () => {
        service.reply = { status, body: `the token ${TOKEN} is wrong` }
        const result = await purger.purge(['a'], never())
        assert.deepEqual(result, { ok: false, reason: `status ${status}`, final: true })
      })
  })

test('cloudflare: a 200 that says no success is none', async () => {
  const service = await Service.start(cloudflareForm)
  service.reply = { status: 200, body: JSON.stringify({ success: false, errors: [{ code: 1 }] }) }
  const purger = cloudflare({ zone: ZONE, token: TOKEN, api: service.url })
  assert.equal((await purger.purge(['a'], never())).ok, false)
  await service.away()
})

test('cloudflare: calls a second as its plans have them', () => {
  const rates = (['free', 'pro', 'business', 'enterprise'] as const).map(plan => {
    const { perSecond, burst } = cloudflare({ zone: ZONE, token: TOKEN, plan }).limits
    return [Math.round(perSecond * 60), burst]
  })
  assert.deepEqual(rates, [
    [5, 25],
    [300, 25],
    [600, 50],
    [3_000, 500],
  ])
})

describe('cloudfront', () => {
  const service = new Cloudfront()
  const { send, inputs } = service
  const purger = cloudfront({ distribution: 'EDFDVBD6EXAMPLE', send })
  const last = () => inputs.at(-1)?.InvalidationBatch

  test('is asked with paths and queries, of all hosts once, and a reference that is new each time', async () => {
    await purger.purge(['a.example/menu?n=1', 'b.example/menu?n=1', 'a.example/x'], never())
    assert.deepEqual(last()?.Paths, { Quantity: 2, Items: ['/menu?n=1', '/x'] })
    await purger.purge(['a.example/x'], never())
    assert.notEqual(inputs[0]?.InvalidationBatch.CallerReference, last()?.CallerReference)
  })

  test('is sent no star and no byte that it does not take', async () => {
    await purger.purge(['a.example/a*', 'a.example/%C3%A9|"', 'a.example/\u00e9'], never())
    assert.deepEqual(last()?.Paths.Items, ['/a%2A', '/%C3%A9%7C%22', '/%C3%A9'])
  })

  test('is asked for all where a path is too long for it', async () => {
    await purger.purge([`a.example/${'x'.repeat(5_000)}`], never())
    assert.deepEqual(last()?.Paths.Items, ['/*'])
  })

  for (const [name, status, final] of [
    ['TooManyInvalidationsInProgress', 400, undefined],
    ['Throttling', 400, undefined],
    ['ServiceUnavailable', 503, undefined],
    ['AccessDenied', 403, true],
    ['NoSuchDistribution', 404, true],
  ] as const)
    test(`refuses with ${name}: ${final === true ? 'that stays' : 'that may pass'}`, async () => {
      service.error = awsError(name, status)
      const result = await purger.purge(['a.example/'], never())
      service.error = undefined
      assert.deepEqual(
        result,
        final === true ? { ok: false, reason: name, final } : { ok: false, reason: name },
      )
    })
})
