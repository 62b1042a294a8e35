import assert from 'node:assert/strict'
import { get as getTls } from 'node:https'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { certificate } from './certificate.js'
import { CachedServer, type Handler, until } from './cached-server.js'

const routes = {
  'GET /mine': { ttl: '60s', stale: '60s' },
  'GET /keyed': { ttl: '60s', key: { headers: ['x-api-key'] } },
  'GET /loose': { ttl: '60s', key: { query: { ignore: ['utm_source', 'utm_medium'] } } },
  'GET /spoken': { ttl: '60s' },
}

/** Each answer says who asked, by all that an app may know it from. */
const personal: Handler = (request, response) => {
  const { url = '', headers } = request
  const path = url.split('?')[0]
  const parameters = new URL(url, 'http://a').searchParams
  const who = ['authorization', 'cookie', 'x-api-key', 'x-forwarded-user', 'x-auth-request-email']
    .map(name => headers[name] ?? '')
    .join('|')
  if (path === '/loose') response.end(`loose ${parameters.getAll('q').join()}`)
  else if (path === '/spoken') {
    response.setHeader('vary', 'accept-language')
    response.end(`${who} ${headers['accept-language'] ?? ''} ${parameters.get('q') ?? ''}`)
  } else response.end(`${who} ${parameters.get('q') ?? ''}`)
}

const value = fc.constantFrom('', 'ann', 'bob', 'cy')
const asks = fc.array(
  fc.record({
    path: fc.constantFrom('/mine', '/keyed', '/loose', '/spoken'),
    query: fc.constantFrom(
      '',
      '?q=1',
      '?q=2',
      '?q=1&q=2',
      '?utm_source=s&q=1',
      '?q=1&utm_source=t',
      '?q=2&utm_medium=m',
    ),
    headers: fc.record({
      authorization: value,
      cookie: value,
      'x-api-key': value,
      'x-forwarded-user': value,
      'x-auth-request-email': value,
      'accept-language': fc.constantFrom('', 'de', 'en'),
    }),
    method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'POST'),
    waitS: fc.constantFrom(...Array<number>(15).fill(0), 70),
  }),
  { minLength: 5, maxLength: 30 },
)

test("one user's answer is never served to another: over headers, cookies, keys, queries and time", async () => {
  let hits = 0
  await using server = await CachedServer.start(personal, { routes })
  await using bare = await CachedServer.start(personal, { routes: {} })
  await fc.assert(
    fc.asyncProperty(asks, async list => {
      for (const { path, query, headers, method, waitS } of list) {
        server.advance(waitS)
        const sent = Object.fromEntries(Object.entries(headers).filter(([, text]) => text !== ''))
        // Half of them without any credential, else nothing would ever be shared.
        const some = ['', 'ann'].includes(headers.cookie) ? pick(sent, 'accept-language') : sent
        const [cached, own] = await Promise.all([
          server.ask(path + query, some, method),
          bare.ask(path + query, some, method),
        ])
        if (cached.cacheStatus.includes('hit')) hits++
        assert.equal(cached.body, own.body)
        assert.equal(cached.status, own.status)
      }
    }),
    { numRuns: 200, seed: 1 },
  )
  assert.deepEqual(server.caught, [])
  assert.ok(hits > 100, `the property saw ${hits} hits`)
})

function pick(from: Record<string, string>, name: string): Record<string, string> {
  return from[name] === undefined ? {} : { [name]: from[name] }
}

describe('a request that says who asks is private, though its handler reads nothing', () => {
  const headers = [
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-api-key',
    'api-key',
    'apikey',
    'x-auth-token',
    'x-access-token',
    'x-csrf-token',
    'x-session-id',
    'x-user',
    'x-user-id',
    'x-user-email',
    'remote-user',
    'x-remote-user',
    'x-forwarded-user',
    'x-forwarded-email',
    'x-forwarded-groups',
    'x-forwarded-preferred-username',
    'x-auth-request-user',
    'x-authenticated-userid',
    'x-consumer-id',
    'x-consumer-username',
    'x-credential-identifier',
    'x-goog-authenticated-user-email',
    'x-goog-iap-jwt-assertion',
    'x-ms-client-principal',
    'x-ms-client-principal-id',
    'x-amzn-oidc-data',
    'x-amzn-oidc-identity',
    'cf-access-jwt-assertion',
    'cf-access-authenticated-user-email',
    'tailscale-user-login',
    'x-forwarded-client-cert',
    'x-ssl-client-cert',
    'ssl-client-verify',
    'x-client-cert',
    'x-client-dn',
    'x-amzn-mtls-clientcert',
    'x-tenant-id',
    'x-account-id',
    'x-signature',
    'dpop',
  ]
  for (const header of headers)
    test(header, async () => {
      await using server = await CachedServer.start((_, response) => response.end('x'), { routes })
      for (let n = 0; n < 3; n++) await server.ask('/mine', { [header]: 'ann' })
      await server.ask('/mine')
      assert.equal(server.runs, 4)
      await server.ask('/mine', { [header]: 'ann' })
      assert.equal(server.runs, 5)
      assert.equal(server.counted('passed credential'), 4)
    })

  for (const header of [
    'user-agent',
    'accept',
    'sec-fetch-user',
    'origin',
    'referer',
    'dnt',
    'priority',
    'x-forwarded-for',
    'authority',
    'x-requested-with',
    'sec-ch-ua-platform',
    'save-data',
  ])
    test(`not ${header}`, async () => {
      await using server = await CachedServer.start((_, response) => response.end('x'), { routes })
      for (let n = 0; n < 3; n++) await server.ask('/mine', { [header]: 'some' })
      assert.equal(server.runs, 1)
    })

  test('unless the policy has it in the key, or says that it changes nothing', async () => {
    await using server = await CachedServer.start(personal, {
      routes: {
        'GET /keyed': routes['GET /keyed'],
        'GET /told': { ttl: '60s', shared: ['Cookie', 'set-cookie'] },
      },
    })
    for (const key of ['a', 'b', 'a', 'b'])
      assert.equal((await server.ask('/keyed', { 'x-api-key': key })).body, `||${key}|| `)
    assert.equal(server.runs, 2)
  })
})

test('an answer that sets a cookie is kept without it, where the config says that it may be', async () => {
  await using server = await CachedServer.start(
    (_, response) => response.setHeader('set-cookie', 'a=b').end('same for all'),
    { routes: { 'GET /told': { ttl: '60s', shared: ['cookie', 'set-cookie'] } } },
  )
  assert.equal((await server.ask('/told', { cookie: 'a=1' })).headers.get('set-cookie'), 'a=b')
  const hit = await server.ask('/told', { cookie: 'a=2' })
  assert.match(hit.cacheStatus, /hit/)
  assert.equal(hit.headers.get('set-cookie'), null)
  await until(() => server.runs === 1, 'one run')
})

describe('a cookie that the config calls shared', () => {
  const shared = { routes: { 'GET /told': { ttl: '60s', shared: ['cookie'] } } }

  test('is out of the key, though it is read', async () => {
    await using server = await CachedServer.start((request, response) => {
      void request.headers.cookie
      response.end('same for all')
    }, shared)
    for (let n = 0; n < 20; n++) await server.ask('/told', { cookie: `visit=${n}` })
    assert.equal(server.runs, 1)
  })

  test('is not believed while answers differ: the policy never earns that it serves', async () => {
    await using server = await CachedServer.start(
      (request, response) => response.end(`you have ${request.headers.cookie?.length} letters`),
      { ...shared, earned: false },
    )
    for (let round = 0; round < 20; round++)
      for (const cookie of ['id=anna', 'id=bob', 'id=charly'])
        assert.equal(
          (await server.ask('/told', { cookie })).body,
          `you have ${cookie.length} letters`,
        )
  })

  test('that an answer shows: kept for nobody', async () => {
    const who = (cookie: string) => `user ${/id=(\w+)/.exec(cookie)?.[1] ?? 'nobody'}`
    await using server = await CachedServer.start(
      (request, response) => response.end(who(request.headers.cookie ?? '')),
      shared,
    )
    for (let round = 0; round < 3; round++)
      for (const cookie of ['id=anna', 'id=berta', 'id=charly'])
        assert.equal((await server.ask('/told', { cookie })).body, who(cookie))
  })

  test('nor is a value of it shown that was read from a copy', async () => {
    await using server = await CachedServer.start((request, response) => {
      const { cookie = '' } = { ...request.headers }
      response.end(`user ${cookie.slice(3)}`)
    }, shared)
    for (const name of ['anna', 'bertha', 'anna'])
      assert.equal((await server.ask('/told', { cookie: `id=${name}` })).body, `user ${name}`)
  })
})

test('who shows a certificate is private, also when nobody checks it; the scheme is in the key', async () => {
  const tls = certificate()
  const options = { ...tls, requestCert: true, rejectUnauthorized: false }
  await using server = await CachedServer.start((_, response) => response.end('x'), {
    routes,
    tls: options,
  })
  const ask = (own: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = {
        port: server.port,
        host: '127.0.0.1',
        path: '/mine',
        agent: false,
        rejectUnauthorized: false,
        ...own,
      }
      getTls(sent, response => {
        response.resume()
        response.on('end', () => resolve(String(response.headers['cache-status'] ?? '')))
      }).on('error', reject)
    })
  for (let n = 0; n < 2; n++) assert.equal(await ask(tls), '')
  assert.equal(server.counted('passed certificate'), 2)
  assert.equal(await ask({}), '')
  assert.match(await ask({}), /hit/)
  assert.equal(await ask(tls), '')
})
