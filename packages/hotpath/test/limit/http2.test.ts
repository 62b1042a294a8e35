import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { observe, type Observation } from '../observed.js'
import { until } from '../serve/cached-server.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-limit-http2-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}
type Ask = (method: string, path: string, headers?: object) => Promise<Answer>

async function ask(
  session: ClientHttp2Session,
  method: string,
  path: string,
  headers: object = {},
): Promise<Answer> {
  const stream = session.request({ ':method': method, ':path': path, ...headers })
  stream.end()
  const [answered] = (await once(stream, 'response')) as [Record<string, unknown>]
  let body = ''
  for await (const chunk of stream) body += String(chunk)
  return { status: Number(answered[':status']), headers: answered, body }
}

/** Refused from the second on: that it is says that the config was read. */
const ready = { 'DELETE /ready': { limit: { rate: '1/d' } } }

/** An app on node:http2 with limits, and one connection to it. */
async function on(
  framework: string,
  routes: object,
  use: (ask: Ask, session: ClientHttp2Session) => Promise<void>,
): Promise<Observation> {
  const file = join(folder, `${++files}.config.json`)
  writeFileSync(file, JSON.stringify({ routes: { ...ready, ...routes } }))
  const seen = await observe(
    'limited.cjs',
    async app => {
      const session = connect(app.url)
      try {
        const asked: Ask = (...what) => ask(session, ...what)
        await until(async () => (await asked('DELETE', '/ready')).status === 429, 'the config')
        await use(asked, session)
      } finally {
        session.destroy()
      }
    },
    { FRAMEWORK: framework, HOTPATH_CONFIG: file },
  )
  assert.deepEqual(seen.errors, [])
  return seen
}

const statuses = async (n: number, ask: () => Promise<Answer>): Promise<number[]> => {
  const seen: number[] = []
  for (let i = 0; i < n; i++) seen.push((await ask()).status)
  return seen
}
const runsOf = async (ask: Ask): Promise<Record<string, number>> =>
  JSON.parse((await ask('GET', '/runs')).body) as Record<string, number>

for (const framework of ['http2', 'http2 stream'])
  describe(`${framework}: without a router`, () => {
    test('who asks too often is told when to come back, however the path is spelt', async () => {
      const limit = { rate: ['2/h', '5/d'] }
      const seen = await on(framework, { 'POST /orders': { limit } }, async ask => {
        assert.deepEqual(await statuses(2, () => ask('POST', '/orders')), [200, 200])
        const { status, headers, body } = await ask('POST', '/Orders/')
        assert.equal(status, 429)
        assert.equal(headers['content-type'], 'application/problem+json')
        assert.equal(headers['ratelimit-policy'], '"2/h";q=2;w=3600, "5/d";q=5;w=86400')
        assert.match(String(headers['ratelimit']), /^"2\/h";r=0;t=\d+$/)
        assert.ok(Number(headers['retry-after']) >= 1)
        assert.equal((JSON.parse(body) as { status: number }).status, 429)
        assert.equal((await ask('GET', '/orders')).status, 200, 'GET has no limit')
        assert.equal((await runsOf(ask))['POST /orders'], 2)
      })
      const route = { 'http.request.method': 'POST', 'http.route': '/orders' }
      assert.equal(seen.summed('hotpath.limit.allowed', route), 2)
      assert.equal(seen.summed('hotpath.limit.refused', { ...route, reason: 'rate' }), 1)
      const statuses429 = seen.spans.filter(
        ({ attributes }) => attributes['http.response.status_code'] === 429,
      )
      assert.ok(statuses429.length >= 1, 'a refusal has its span')
    })

    test('clients are told apart by a header, and HEAD is charged to GET', async () => {
      const limit = { rate: '1/h', by: 'key', keyHeader: 'x-shop' }
      await on(framework, { 'GET /orders': { limit } }, async ask => {
        const of = (shop: string) => ({ 'x-shop': shop })
        assert.equal((await ask('GET', '/orders', of('a'))).status, 200)
        assert.equal((await ask('GET', '/orders', of('b'))).status, 200)
        const head = await ask('HEAD', '/orders', of('a'))
        assert.deepEqual([head.status, head.body], [429, ''])
      })
    })

    test('the limit of * holds on what has none of its own', async () => {
      await on(framework, { '*': { limit: { rate: '2/h' } } }, async ask => {
        assert.deepEqual(await statuses(3, () => ask('GET', '/menu')), [200, 200, 429])
        assert.equal((await ask('GET', '/orders')).status, 429, 'all others together')
      })
    })

    test('a throttle spaces streams out, and those that are reset free their places', async () => {
      const throttle = { rate: '1/h', maxDelay: '10h', queue: 3 }
      await on(framework, { 'POST /orders': { throttle } }, async (ask, session) => {
        assert.equal((await ask('POST', '/orders')).status, 200)
        const post = () => {
          const stream = session.request({ ':method': 'POST', ':path': '/orders' })
          return stream.on('error', () => {})
        }
        const waiting = [post(), post(), post()]
        /** Who is refused has the answer before one that is asked for behind it. */
        const isFull = async (): Promise<boolean> => {
          let isAnswered = false
          const stream = post().once('response', () => void (isAnswered = true))
          assert.equal((await ask('GET', '/runs')).status, 200)
          stream.close(constants.NGHTTP2_CANCEL)
          return isAnswered
        }
        assert.equal(await isFull(), true)
        // With an error that an app without a listener for it would end of.
        for (const stream of waiting) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
        await until(async () => !(await isFull()), 'a place')
        assert.equal((await runsOf(ask))['POST /orders'], 1)
      })
    })
  })
