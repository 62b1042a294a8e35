import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LimitsAnswer } from '../dist/api/answers.js'
import { drawLimits } from '../dist/cli/draw/limits.js'
import { bare } from '../dist/cli/draw/screen.js'
import { attributes, metrics, nowNs, resource } from './intake/requests.js'
import { findBrowser, withWindow } from './page/browser.js'
import { post, withConsole } from './running.js'

const browser = findBrowser()
const skip = 'missing' in browser ? browser.missing : false
const path = 'path' in browser ? browser.path : ''

/** Counters as the recorder sends them; the route as `POST /orders`. */
const counter = (name: string, route: string, value: number, more = {}): object => {
  const [method = '', template = ''] = route.split(' ')
  const of =
    template === ''
      ? { 'http.route': route }
      : { 'http.request.method': method, 'http.route': template }
  return {
    name: `hotpath.${name}`,
    sum: {
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [
        {
          startTimeUnixNano: String(nowNs() - 10_000_000_000n),
          timeUnixNano: String(nowNs()),
          asDouble: value,
          attributes: attributes({ ...of, ...more }),
        },
      ],
    },
  }
}

/** Two processes: what they did is added up. */
async function sendAll(url: string): Promise<void> {
  for (const instance of ['a', 'b']) {
    const list = [
      counter('limit.allowed', 'POST /orders', 450),
      counter('limit.refused', 'POST /orders', 50, { reason: 'rate' }),
      counter('limit.key.refused', 'POST /orders', 45, {
        'hotpath.limit.key': `greedy-${instance}`,
      }),
      counter('limit.key.refused', 'POST /orders', 5, { 'hotpath.limit.key': `other-${instance}` }),
      counter('limit.allowed', 'GET /search', 200),
      counter('limit.delayed', 'GET /search', 40),
      counter('limit.delay_us', 'GET /search', 40 * 125_000),
      counter('limit.shadow.refused', 'GET /search', 3, { reason: 'delay' }),
      counter('shed.refused', 'GET /menu', 6, { reason: 'loop delay' }),
      counter('concurrency.refused', 'GET /menu', 2, { reason: 'full' }),
      counter('concurrency.queued', 'GET /menu', 9),
    ]
    const { status } = await post(
      `${url}/v1/metrics`,
      metrics(list, { from: resource('shop', instance) }),
    )
    assert.equal(status, 200)
  }
}

const limitsOf = async (url: string): Promise<LimitsAnswer> =>
  (await (await fetch(`${url}/api/limits`)).json()) as LimitsAnswer

describe('what limits did', () => {
  test('is added up by route, the one that refused most first', () =>
    withConsole(async ({ url }) => {
      await sendAll(url)
      const { routes } = await limitsOf(url)
      const [orders, menu, search] = routes
      assert.deepEqual(
        routes.map(({ route, refused }) => [route, refused]),
        [
          ['POST /orders', 100],
          ['GET /menu', 16],
          ['GET /search', 0],
        ],
      )
      assert.equal(orders?.allowed, 900)
      assert.deepEqual(orders?.keys.slice(0, 2), [
        { key: 'greedy-a', refused: 45 },
        { key: 'greedy-b', refused: 45 },
      ])
      assert.deepEqual(
        [search?.delayed, search?.averageDelayMs, search?.shadowRefused],
        [80, 125, 6],
      )
      assert.deepEqual(menu?.refusedBy, [
        { policy: 'shed', reason: 'loop delay', count: 12 },
        { policy: 'concurrency', reason: 'full', count: 4 },
      ])
    }))

  test('is a table in the terminal, of 80 columns', () =>
    withConsole(async ({ url }) => {
      await sendAll(url)
      const screen = { columns: 80, paint: bare, suggest: (command: string) => command }
      const drawn = drawLimits(await limitsOf(url), screen)
      assert.ok(drawn.every(line => line.length <= 80))
      assert.equal(
        `\n${drawn.join('\n').replaceAll('\u2009', ' ')}\n`,
        `
shop · 15 min · 116 refused
  POST /orders refused 100 of 1,000 requests by limit: rate.

  ROUTE         ALLOWED  DELAYED      BY  REFUSED  WHY               WOULD
  POST /orders      900                       100  limit: rate
  GET /menu           –                        16  shed: loop delay
  GET /search       400       80  125 ms                                 6

  Refused most at POST /orders, by the hash of the client's key: greedy-a 45,
  greedy-b 45, other-a 5, other-b 5.
  WOULD: would have been refused, in shadow mode.

  hotpath limits --json     hotpath routes
`,
      )
    }))

  test('is shown on the page: beside the alerts, and at its route', { skip }, () =>
    withConsole(async ({ url }) => {
      await sendAll(url)
      await withWindow(path, { width: 1280 }, async ({ page, faults }) => {
        await page.goto(`${url}/watch`)
        const card = page.locator('section.limits')
        const orders = card.getByRole('listitem').filter({ hasText: 'POST /orders' })
        await orders.getByText('limit: rate 100').waitFor()
        await orders.getByText('most: greedy-a 45, greedy-b 45').waitFor()
        // Shedding counts no allowed ones: the figures begin in the first column all the same.
        const menu = card.getByRole('listitem').filter({ hasText: 'GET /menu' })
        assert.match(String(await menu.locator('dl').textContent()), /^Allowed–Refused/)
        await orders.getByRole('link').click()
        await page.getByRole('heading', { name: 'POST /orders' }).waitFor()
        assert.equal(await card.getByRole('listitem').count(), 1)
        assert.deepEqual(faults, [])
      })
    }),
  )
})
