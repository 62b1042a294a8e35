import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CachedServer, type Handler } from './cached-server.js'

const routes = { 'GET /menu': { ttl: '60s' } }

describe('web cache poisoning', () => {
  for (const header of [
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-host',
    'x-custom',
    'user-agent',
    'referer',
  ])
    test(`${header}, which the app puts into its answer, is not given to others`, async () => {
      await using server = await CachedServer.start(
        (request, response) =>
          response.end(`<script src="//${String(request.headers[header] ?? 'own')}/a.js">`),
        { routes },
      )
      for (let round = 0; round < 3; round++) {
        await server.ask('/menu', { [header]: 'evil.example' })
        assert.match(
          (await server.ask('/menu', header === 'user-agent' ? { [header]: 'own' } : {})).body,
          /\/\/own\//,
        )
      }
    })

  test('a header that the app reads only sometimes, after many equal answers over it elsewhere', async () => {
    await using server = await CachedServer.start(
      (request, response) => {
        const from = String(request.headers['x-forwarded-host'] ?? 'own.example')
        response.end(
          (request.url ?? '').includes('none') ? 'no such bean' : new URL(`http://${from}/`).host,
        )
      },
      { routes },
    )
    for (let n = 0; n <= 20; n++)
      await server.ask(`/menu?none=${n >> 1}`, { 'x-forwarded-host': `place-${n}.example` })
    await server.ask('/menu', { 'x-forwarded-host': 'EVIL.example' })
    assert.equal((await server.ask('/menu')).body, 'own.example')
  })

  test('a header that nobody was seen to read, which the answer shows in another case', async () => {
    await using server = await CachedServer.start(
      (request, response) =>
        response.end(JSON.stringify(request.headers).includes('EVIL') ? 'evil.example' : 'own'),
      { routes },
    )
    await server.ask('/menu', { 'x-host': 'EVIL.example' })
    assert.equal((await server.ask('/menu')).body, 'own')
  })

  test('an ignored parameter that shows in the answer', async () => {
    await using server = await CachedServer.start(
      (request, response) => response.end(`<link href="${decodeURIComponent(request.url ?? '')}">`),
      { routes: { 'GET /menu': { ttl: '60s', key: { query: { ignore: ['utm_source'] } } } } },
    )
    await server.ask('/menu?utm_source=%22%3Eevil')
    assert.equal(
      (await server.ask('/menu?utm_source=news')).body,
      '<link href="/menu?utm_source=news">',
    )
    assert.equal((await server.ask('/menu')).body, '<link href="/menu">')
  })

  test('a parameter hidden behind an ignored one by a semicolon', async () => {
    const semicolons: Handler = (request, response) =>
      response.end(/[;&?]call=(\w+)/.exec(request.url ?? '')?.[1] ?? 'none')
    await using server = await CachedServer.start(semicolons, {
      routes: { 'GET /menu': { ttl: '60s', key: { query: { ignore: ['utm_source'] } } } },
    })
    await server.ask('/menu?utm_source=a;call=evil')
    assert.equal((await server.ask('/menu')).body, 'none')
  })

  test('a GET with a body', async () => {
    const fat: Handler = async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      response.end(`menu ${body}`)
    }
    await using server = await CachedServer.start(fat, { routes })
    const head = (more: string) =>
      `GET /menu HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n${more}`
    assert.match(await server.raw(head('Content-Length: 4\r\n\r\nevil')), /menu evil/)
    assert.match(
      await server.raw(head('Transfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n')),
      /menu evil/,
    )
    assert.equal((await server.ask('/menu')).body, 'menu ')
  })

  for (const header of [
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
    'x-original-url',
    'x-rewrite-url',
  ])
    test(`${header}, by which frameworks answer another question`, async () => {
      await using server = await CachedServer.start(
        (request, response) => response.end(String(request.headers[header] ?? 'menu')),
        { routes },
      )
      await server.ask('/menu', { [header]: '/admin' })
      assert.equal((await server.ask('/menu')).body, 'menu')
      assert.equal((await server.ask('/menu', { [header]: '/admin' })).body, '/admin')
    })

  test('another Host, port, or scheme is another answer; two of them are none', async () => {
    await using server = await CachedServer.start(
      (request, response) => response.end(`http://${String(request.headers.host)}/menu`),
      { routes },
    )
    const raw = (hosts: string) =>
      server.raw(`GET /menu HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`)
    for (const host of ['a.example', 'b.example', 'a.example:8080', 'a.example', 'b.example'])
      assert.ok((await raw(`Host: ${host}\r\n`)).endsWith(`http://${host}/menu`))
    assert.equal(server.runs, 3)
    await raw('Host: a.example\r\nHost: evil.example\r\n')
    assert.ok((await raw('Host: a.example\r\n')).endsWith('http://a.example/menu'))
  })

  test('an answer of another server of the process, by its Host', async () => {
    const wrote: Handler = (_, response) => response.end('for its own people')
    await using inner = await CachedServer.start(wrote, { routes })
    await using outer = await CachedServer.start((_, response) => response.end('for all'), {
      routes,
      beside: inner,
    })
    const ask = async (server: CachedServer, method = 'GET') =>
      (
        await server.raw(`${method} /menu HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`)
      ).replace(/^[^]*\r\n\r\n/, '')
    for (let n = 0; n < 2; n++) {
      assert.equal(await ask(inner), 'for its own people')
      assert.equal(await ask(outer), 'for all')
    }
    assert.deepEqual([inner.runs, outer.runs], [1, 1])
    await ask(outer, 'POST')
    await ask(outer)
    await ask(inner)
    assert.deepEqual([inner.runs, outer.runs], [1, 3])
  })
})

describe('web cache deception: another spelling of a private path is no public one', () => {
  const account: Handler = (request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
    response.end(path.startsWith('/menu') && !path.includes('me') ? 'x' : `${path} for all`)
  }
  for (const path of [
    '/menu/..%2Fme',
    '/menu%2f..%2fme',
    '/menu;/me',
    '/menu/me.css',
    '/MENU',
    '//menu',
    '/menu/',
    '/%6denu',
    '/menu%00',
    '/menu#a',
    '/./menu',
  ])
    test(`${path} never gets what was kept for /menu, nor the other way round`, async () => {
      await using server = await CachedServer.start(account, { routes })
      const ask = (target: string) =>
        server.raw(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
      const own = await ask(path)
      await ask('/menu')
      const body = (text: string) => text.slice(text.indexOf('\r\n\r\n'))
      assert.equal(body(await ask(path)), body(own))
      assert.equal(body(await ask('/menu')), '\r\n\r\n/menu for all')
    })

  test('a route that the router did not reach is not kept, whatever the path looks like', async () => {
    await using server = await CachedServer.start((_, response) => response.end('x'), {
      routes: { 'GET /users/:id': { ttl: '60s' } },
      routeOf: request => (request.url === '/users/me' ? '/users/me' : '/users/:id'),
    })
    for (let n = 0; n < 3; n++) await server.ask('/users/me')
    assert.equal(server.runs, 3)
    for (let n = 0; n < 3; n++) await server.ask('/users/7')
    assert.equal(server.runs, 4)
    assert.equal(server.counted('refused route'), 3)
  })
})
