import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Observation, observe, type ObservedApp } from '../observed.js'
import { comes, until } from './cached-server.js'
import { SLOW_HEAD } from './slow-head.js'

const folder = mkdtempSync(join(tmpdir(), 'hotpath-crowd-'))
after(() => rmSync(folder, { recursive: true }))

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  let body = ''
  for await (const chunk of stream) body += String(chunk)
  return { status: Number(headers[':status']), headers, body }
}

/** An app on node:http2 with a config, and one connection to it. */
async function on(
  framework: string,
  config: object,
  use: (
    session: ClientHttp2Session,
    get: (path: string) => Promise<Answer>,
    app: ObservedApp,
  ) => Promise<void>,
): Promise<Observation> {
  const file = join(folder, 'hotpath.config.json')
  writeFileSync(file, JSON.stringify(config))
  const seen = await observe(
    'crowded.cjs',
    async app => {
      const session = connect(`http://127.0.0.1:${app.port}`)
      try {
        await use(session, path => answerOf(session.request({ ':path': path })), app)
      } finally {
        session.destroy()
      }
    },
    { FRAMEWORK: framework, HOTPATH_CONFIG: file },
  )
  assert.deepEqual(seen.errors, [])
  return seen
}

for (const framework of ['http2', 'http2 stream'])
  describe(`requests of ${framework}`, () => {
    const ready = { 'POST /ready': { bodyLimit: '1b' } } as const
    const post = (session: ClientHttp2Session, path: string, body: string, headers = {}) => {
      const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
      stream.end(body)
      return answerOf(stream)
    }
    const isReady = (session: ClientHttp2Session) =>
      until(async () => {
        const length = { 'content-length': '4' }
        return (await post(session, '/ready', 'long', length)).status === 413
      }, 'the stages')

    test('take places, wait, and are refused as others are', async () => {
      const slow = { concurrency: { limit: 2, queue: 1, queueTime: '20s' } }
      const seen = await on(
        framework,
        { routes: { ...ready, 'GET /slow': slow } },
        async (session, get) => {
          await isReady(session)
          const length = async (): Promise<string> => (await get('/length')).body
          const leaves = session.request({ ':path': '/slow' })
          const second = get('/slow')
          await until(async () => (await length()) === '2', 'two in the handler')
          const more = [get('/slow'), get('/slow')]
          const refused = await comes(Promise.race(more), 'a refusal')
          assert.equal(refused.status, 503)
          assert.equal(refused.headers['content-type'], 'application/problem+json')
          assert.match(String(refused.headers['retry-after']), /^[123]$/)
          assert.equal(await length(), '2')
          // One stream of a connection that stays: its place goes to who waits.
          leaves.close(constants.NGHTTP2_CANCEL)
          await until(async () => (await length()) === '3', 'who waited')
          await get('/open')
          const statuses = (await Promise.all([second, ...more])).map(({ status }) => status)
          assert.deepEqual(statuses.toSorted(), [200, 200, 503])
        },
      )
      const of = { 'http.request.method': 'GET', 'http.route': '/slow', reason: 'full' }
      assert.equal(seen.summed('hotpath.concurrency.refused', of), 1)
    })

    test('have bodies of unknown length ended at the limit', async () => {
      const read = { 'POST /read': { bodyLimit: '1kb' } }
      await on(framework, { routes: { ...ready, ...read } }, async (session, get) => {
        await isReady(session)
        assert.equal((await post(session, '/read', 'x'.repeat(1024))).body, '1024')
        const endless = session.request({ ':method': 'POST', ':path': '/read' })
        let body = ''
        endless.on('data', data => void (body += String(data)))
        endless.write('x'.repeat(1025))
        const [headers] = (await once(endless, 'response')) as [Record<string, unknown>]
        assert.equal(headers[':status'], 413)
        // The server wants no more of it, and says so without an error.
        if (!endless.closed) await once(endless, 'close')
        assert.match(body, /"status":413/)
        assert.equal(endless.rstCode, constants.NGHTTP2_NO_ERROR)
        assert.equal((await get('/length')).status, 200, 'the connection goes on')
      })
    })

    test('that are event-streams keep no place', async () => {
      const events = { concurrency: { limit: 1, queue: 0 } }
      await on(framework, { routes: { ...ready, 'GET /events': events } }, async session => {
        await isReady(session)
        for (let n = 0; n < 3; n++) {
          const stream = session.request({ ':path': '/events' })
          const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
          assert.equal(headers[':status'], 200)
        }
      })
    })

    test('tell an adaptive limit how long they took', async () => {
      await on(
        framework,
        { routes: { ...ready, '*': { concurrency: 'adaptive' } } },
        async (session, get, app) => {
          await isReady(session)
          // It begins with 20, and is another as soon as it has seen answers of a crowd.
          const isLearnt = () =>
            app.collector.points.some(
              ({ metric, value }) => metric === 'hotpath.concurrency.limit' && value !== 20,
            )
          const over = new AbortController()
          const lane = async (): Promise<void> => {
            while (!over.signal.aborted) await get('/length')
          }
          const lanes = Promise.allSettled(Array.from({ length: 60 }, lane))
          try {
            await until(isLearnt, 'a limit that has learnt')
          } finally {
            over.abort()
          }
          await lanes
        },
      )
    })

    test('are shed', async () => {
      const seen = await on(framework, { shed: { memory: '1mb' } }, async (_, get) => {
        await until(async () => (await get('/length')).status === 503, 'a refusal')
      })
      const of = { 'http.request.method': 'GET', 'http.route': '/length', reason: 'memory' }
      assert.ok(seen.summed('hotpath.shed.refused', of) >= 1)
    })

    test('of slow clients are given up as the config says, and so are connections beyond a number', async () => {
      const server = { headersTimeout: '50ms', maxConnections: 2 }
      await on(framework, { server, routes: ready }, async (session, get, app) => {
        await isReady(session)
        const slow = dial(app.port, '127.0.0.1').resume()
        slow.on('error', () => {}).write(SLOW_HEAD)
        await until(() => slow.destroyed, 'the slow client to be cut off')
        assert.equal((await get('/length')).status, 200, 'another connection goes on')
        const sockets = [1, 2].map(() =>
          dial(app.port, '127.0.0.1')
            .on('error', () => {})
            .resume(),
        )
        await until(() => sockets.some(({ destroyed }) => destroyed), 'one too many to be closed')
        for (const socket of sockets) socket.destroy()
      })
    })
  })
