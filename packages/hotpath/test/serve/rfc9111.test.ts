import assert from 'node:assert/strict'
import type { EventEmitter } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { CachedServer, type Handler, until } from './cached-server.js'

// Far from UTC: a date that is read by the local time of the machine is seen.
process.env['TZ'] = 'Asia/Tokyo'

const routes = { 'GET /menu': { ttl: '60s' } }
type Fields = Readonly<Record<string, string | string[]>>

/** An app that answers everything alike, but for a number that tells its answers apart. */
const numbered = (fields: Fields, status = 200): Handler => {
  let n = 0
  return (_, response) => {
    response.writeHead(status, fields as Record<string, string>).end(`answer ${++n}`)
  }
}

/** Whether the second of two equal requests is answered from the cache. */
async function secondIsHit(
  fields: Fields,
  { status = 200, headers = {}, stale = '', waitS = 0 } = {},
): Promise<boolean> {
  const cache = stale === '' ? routes : { 'GET /menu': { ttl: '60s', stale } }
  await using server = await CachedServer.start(numbered(fields, status), { routes: cache })
  await server.ask('/menu', headers)
  server.advance(waitS)
  const second = await server.ask('/menu', headers)
  assert.deepEqual(server.caught, [])
  const hit = second.cacheStatus.includes('hit')
  assert.equal(second.body, second.status === 204 ? '' : hit ? 'answer 1' : 'answer 2')
  return hit
}

describe('RFC 9111, 3: what is stored', () => {
  const kept: readonly (readonly [string, Fields, object?])[] = [
    ['an answer that says nothing, by the ttl of the config', {}],
    ['public', { 'cache-control': 'public' }],
    ['max-age', { 'cache-control': 'max-age=10' }],
    ['s-maxage', { 'cache-control': 's-maxage=10' }],
    ['a directive that nobody knows', { 'cache-control': 'cats, max-age=10' }],
    ['404, as 200', {}, { status: 404 }],
    ['301', { location: '/a' }, { status: 301 }],
    [
      '302 when it says how long',
      { location: '/a', 'cache-control': 'max-age=9' },
      { status: 302 },
    ],
    [
      'must-understand with a status that is understood',
      { 'cache-control': 'must-understand, max-age=9' },
    ],
  ]
  for (const [title, fields, options] of kept)
    test(`is: ${title}`, async () => assert.equal(await secondIsHit(fields, options), true))

  const refused: readonly (readonly [string, Fields, object?])[] = [
    ['no-store', { 'cache-control': 'no-store' }],
    ['no-store beside max-age', { 'cache-control': 'max-age=100, no-store' }],
    ['NO-STORE in capitals', { 'cache-control': 'NO-STORE' }],
    ['private', { 'cache-control': 'private' }],
    ['private with field names', { 'cache-control': 'private="x-user", max-age=9' }],
    ['no-cache: it would have to be validated each time', { 'cache-control': 'no-cache' }],
    ['Pragma: no-cache alone', { pragma: 'no-cache' }],
    ['max-age=0', { 'cache-control': 'max-age=0' }],
    ['s-maxage=0 beside max-age', { 'cache-control': 's-maxage=0, max-age=100' }],
    ['a max-age that is no number', { 'cache-control': 'max-age=soon' }],
    ['a max-age below zero', { 'cache-control': 'max-age=-1' }],
    ['the first of two max-age is 0', { 'cache-control': 'max-age=0, max-age=100' }],
    ['Expires in the past', { expires: 'Thu, 01 Jan 1970 00:00:00 GMT' }],
    ['Expires that is no date', { expires: '0' }],
    ['Vary: *', { vary: '*' }],
    ['Set-Cookie', { 'set-cookie': 'a=b' }],
    ['an answer to Authorization', {}, { headers: { authorization: 'Basic x' } }],
    ['a request with no-store', {}, { headers: { 'cache-control': 'no-store' } }],
    ['206', { 'content-range': 'bytes 0-1/9' }, { status: 206 }],
    ['302 that says nothing', { location: '/a' }, { status: 302 }],
    ['500', {}, { status: 500 }],
    ['503 even with max-age', { 'cache-control': 'max-age=9' }, { status: 503 }],
    [
      '599, which nobody understands, with must-understand',
      { 'cache-control': 'must-understand, max-age=9' },
      { status: 499 },
    ],
    [
      'an answer that an upstream cache kept until now',
      { age: '60', 'cache-control': 'max-age=60' },
    ],
    [
      'a nonce of the content security policy',
      { 'content-security-policy': "script-src 'nonce-abc'" },
    ],
    ['an event-stream', { 'content-type': 'text/event-stream' }],
  ]
  for (const [title, fields, options] of refused)
    test(`is not: ${title}`, async () => assert.equal(await secondIsHit(fields, options), false))

  test('an answer that did not come whole is not', async () => {
    await using server = await CachedServer.start(
      (_, response) => {
        response.writeHead(200, { 'content-length': '10' })
        response.write('half')
        response.destroy()
      },
      { routes },
    )
    await assert.rejects(server.ask('/menu'))
    await assert.rejects(server.ask('/menu'))
    assert.equal(server.runs, 2)
  })

  for (const [title, heard] of [
    ['the response closed', (_, response) => response],
    ['the request was aborted', request => request],
    ['the socket closed', ({ socket }) => socket],
  ] as readonly (readonly [string, (...args: Parameters<Handler>) => EventEmitter])[])
    for (const begun of [true, false])
      test(`an answer that its handler cut short, ${begun ? 'begun' : 'not begun'}, when it heard that ${title}`, async () => {
        let gone = false
        let runs = 0
        await using server = await CachedServer.start(
          (request, response) => {
            if (request.url === '/before') return
            const isFirst = ++runs === 1
            if (begun || !isFirst) response.write('[1')
            if (!isFirst) response.end(',2]')
            else
              heard(request, response).once(title.endsWith('aborted') ? 'aborted' : 'close', () => {
                gone = true
                response.end()
              })
          },
          { routes },
        )
        const client = connect(server.port, '127.0.0.1')
        const asked = (path: string) =>
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`
        // Behind another the response has no socket yet.
        if (title.endsWith('aborted')) client.write(asked('/before'))
        client.write(asked('/menu'))
        await until(() => runs === 1, 'the handler')
        client.destroy()
        await until(() => gone, 'the end of the handler')
        assert.equal((await server.ask('/menu')).body, '[1,2]')
        assert.equal((await server.ask('/menu')).body, '[1,2]')
        assert.equal(server.counted('refused left'), 1)
        assert.equal(runs, 2)
      })

  test('an answer of another length than it said is not', async () => {
    await using server = await CachedServer.start(
      (_, response) => {
        response.setHeader('content-length', '2')
        response.end('longer')
      },
      { routes },
    )
    const raw = () => server.raw(`GET /menu HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    await raw()
    await raw()
    assert.equal(server.runs, 2)
    assert.equal(server.counted('refused length'), 2)
  })

  test('what was written, though the app uses its buffer again', async () => {
    await using server = await CachedServer.start(
      async (_, response) => {
        const buffer = Buffer.from('first ')
        await new Promise<void>(resolve => void response.write(buffer, () => resolve()))
        buffer.write('second')
        response.write('dbb8', 'latin1')
        response.write('ZG9u', 'base64')
        response.end(buffer)
      },
      { routes },
    )
    const first = await server.ask('/menu')
    assert.equal(first.body, 'first dbb8donsecond')
    const second = await server.ask('/menu')
    assert.match(second.cacheStatus, /hit/)
    assert.equal(second.body, first.body)
  })

  test('with the fields of one answer left out', async () => {
    await using server = await CachedServer.start(
      numbered({
        'x-request-id': 'r1',
        'ratelimit-remaining': '3',
        'x-ratelimit-limit': '3',
        'server-timing': 'db;dur=1',
        traceparent: '00-a-b-01',
        connection: 'x-hop',
        'x-hop': 'h',
        'x-kept': 'k',
      }),
      { routes },
    )
    const first = await server.ask('/menu')
    const { headers } = await server.ask('/menu')
    assert.equal(first.headers.get('x-request-id'), 'r1')
    const names = [...headers.keys()].sort()
    assert.deepEqual(names, [
      'age',
      'cache-status',
      'connection',
      'content-length',
      'date',
      'etag',
      'keep-alive',
      'x-kept',
    ])
  })
})

describe('RFC 9111, 4.2: how long it is fresh', () => {
  const cases: readonly (readonly [string, Fields, number, boolean])[] = [
    ['the ttl of the config', {}, 59, true],
    ['and no longer', {}, 61, false],
    ['max-age, where it is shorter', { 'cache-control': 'max-age=10' }, 11, false],
    ['the ttl, where max-age is longer', { 'cache-control': 'max-age=1000' }, 61, false],
    ['s-maxage goes before max-age', { 'cache-control': 's-maxage=5, max-age=50' }, 6, false],
    [
      's-maxage goes before a max-age of 0',
      { 'cache-control': 'max-age=0, s-maxage=50' },
      40,
      true,
    ],
    ['max-age goes before Expires', { 'cache-control': 'max-age=50', expires: '0' }, 40, true],
    ['what is over 2^31 is 2^31', { 'cache-control': `max-age=${'9'.repeat(30)}` }, 59, true],
    ['the Age that it came with counts', { age: '55' }, 6, false],
    ['a quoted number is a number', { 'cache-control': 'max-age="50"' }, 40, true],
  ]
  for (const [title, fields, waitS, hit] of cases)
    test(title, async () => assert.equal(await secondIsHit(fields, { waitS }), hit))

  test('of several values of Age the first counts, and none that is no number', async () => {
    assert.equal(await secondIsHit({ age: '55, 1' }, { waitS: 6 }), false)
    assert.equal(await secondIsHit({ age: 'old' }, { waitS: 50 }), true)
  })

  test('dates in the three forms of HTTP, in any case; of no other zone', async () => {
    const fields = (expires: string) => ({ date: 'Sun, 06 Nov 1994 08:49:27 GMT', expires })
    for (const expires of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'sun, 06 nov 1994 08:49:37 gmt',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      assert.equal(await secondIsHit(fields(expires), { waitS: 8 }), true, expires)
      assert.equal(await secondIsHit(fields(expires), { waitS: 12 }), false, expires)
    }
    for (const expires of [
      'Sun, 06 Nov 1994 18:49:37',
      'Sun, 06 Nov 1994 08:49:37 PST',
      '1994-11-07',
      '99',
    ])
      assert.equal(await secondIsHit(fields(expires)), false, expires)
  })

  test('Expires against Date', async () => {
    const now = Date.now()
    const at = (seconds: number) => new Date(now + 1000 * seconds).toUTCString()
    const fields = { date: at(-100), expires: at(-90) }
    assert.equal(await secondIsHit(fields, { waitS: 8 }), true)
    assert.equal(await secondIsHit(fields, { waitS: 12 }), false)
  })
})

describe('RFC 9111, 4 and 5.1: what a hit says', () => {
  test('Age in whole seconds, with the age that the answer came with; Cache-Status', async () => {
    await using server = await CachedServer.start(numbered({ age: '7' }), { routes })
    await server.ask('/menu')
    server.advance(20.5)
    const hit = await server.ask('/menu')
    assert.equal(hit.age, '27')
    assert.equal(hit.cacheStatus, 'hotpath; hit; ttl=32')
    server.advance(1)
    assert.equal((await server.ask('/menu')).age, '28')
  })

  test('the method is part of what is asked: HEAD is answered from GET, not GET from HEAD', async () => {
    await using server = await CachedServer.start(numbered({ 'x-a': 'a' }), { routes })
    assert.equal((await server.ask('/menu', {}, 'HEAD')).cacheStatus, '')
    assert.equal((await server.ask('/menu')).cacheStatus, '')
    const head = await server.ask('/menu', {}, 'HEAD')
    assert.match(head.cacheStatus, /hit/)
    assert.equal(head.body, '')
    assert.equal(head.headers.get('content-length'), String('answer 2'.length))
    assert.equal(head.headers.get('x-a'), 'a')
    assert.equal(server.runs, 2)
  })
})

describe('RFC 9111, 4.1: Vary', () => {
  const greeting: Handler = (request, response) => {
    response.setHeader('vary', 'Accept-Language, X-Unit')
    response.end(
      `${String(request.headers['accept-language'])} ${String(request.headers['x-unit'])}`,
    )
  }

  test('each combination of values has its own answer; absent and empty are not told apart', async () => {
    await using server = await CachedServer.start(greeting, { routes })
    for (const round of [1, 2])
      for (const language of ['de', 'en'])
        for (const unit of ['c', 'f']) {
          const answer = await server.ask('/menu', { 'accept-language': language, 'x-unit': unit })
          assert.equal(answer.body, `${language} ${unit}`)
          assert.equal(answer.cacheStatus.includes('hit'), round === 2)
        }
    assert.equal(server.runs, 4)
  })

  test('answers of one URL that vary by different headers: each gets its own', async () => {
    await using server = await CachedServer.start(
      (request, response) => {
        // Nothing is read by its name.
        const copy = JSON.parse(JSON.stringify(request.headers)) as NodeJS.Dict<string>
        const { 'x-a': a = '', 'x-b': b = '' } = copy
        if (a !== '') response.setHeader('vary', a === '2' ? 'x-a, x-b' : 'x-a')
        response.end(a === '2' ? `2${String(b)}` : String(a))
      },
      { routes },
    )
    for (let round = 0; round < 3; round++)
      for (const [a, b] of ['1p', '2p', '2q', '1q', ' p', '1', '2', '1p', '2q'] as const) {
        const headers = { ...(a && a !== ' ' && { 'x-a': a }), ...(b && { 'x-b': b }) }
        const body = a === '2' ? `2${b ?? ''}` : (a?.trim() ?? '')
        assert.equal((await server.ask('/menu', headers)).body, body)
      }
    assert.ok(server.runs < 12, `${server.runs} runs`)
  })

  test('CORS answers are kept by Origin though they do not say so', async () => {
    await using server = await CachedServer.start(
      numbered({ 'access-control-allow-origin': '*' }),
      { routes },
    )
    await server.ask('/menu', { origin: 'https://a.example' })
    assert.equal((await server.ask('/menu', { origin: 'https://b.example' })).cacheStatus, '')
    assert.match((await server.ask('/menu', { origin: 'https://a.example' })).cacheStatus, /hit/)
  })

  test('what an app compresses is kept by Accept-Encoding', async () => {
    await using server = await CachedServer.start(
      (request, response) => {
        // All of them at once: nothing is read by its name.
        const encoding = String(
          Object.entries(request.headers).find(([name]) => name === 'accept-encoding')?.[1],
        )
        response.setHeader('content-encoding', encoding)
        response.end(encoding)
      },
      { routes },
    )
    const ask = (encoding: string) =>
      server.raw(
        `GET /menu HTTP/1.1\r\nHost: a\r\nAccept-Encoding: ${encoding}\r\nConnection: close\r\n\r\n`,
      )
    for (const encoding of ['x-own', 'identity', 'x-own', 'identity'])
      assert.ok((await ask(encoding)).endsWith(`\r\n${encoding}`))
    assert.equal(server.runs, 2)
  })
})
