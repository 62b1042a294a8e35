import http, { get, request as namedRequest } from 'node:http'
import { createRequire } from 'node:module'
import { serve } from './serve.cjs'

/** Makes the call that the path names, to the upstream in UPSTREAM (or to the port CLOSED, where nobody listens), and answers with what came of it. */
const { get: requiredGet } = createRequire(import.meta.url)('http')
const upstream = process.env.UPSTREAM
const { port } = new URL(upstream)
const secret = '/users/42?token=s3cr3t'

const body = response =>
  new Promise((resolve, reject) => {
    let text = ''
    response.on('data', chunk => (text += chunk))
    response.on('end', () => resolve(text))
    response.on('error', reject)
  })
/** Resolves with the body, or with `failed CODE`. */
const outcome = call =>
  new Promise(resolve => {
    const request = call(response =>
      body(response).then(resolve, error => resolve(`failed ${error.code}`)),
    )
    request.on('error', error => resolve(`failed ${error.code}`))
  })

const calls = {
  'get-string': () => outcome(done => get(upstream + secret, done)),
  'get-url': () => outcome(done => http.get(new URL(upstream + secret), done)),
  'get-url-options': () => outcome(done => get(upstream + secret, { headers: { a: 'b' } }, done)),
  'get-required': () => outcome(done => requiredGet(upstream + secret, done)),
  'options-only': () =>
    outcome(done => http.get({ host: '127.0.0.1', port, path: secret, agent: false }, done)),
  'request-post': () =>
    outcome(done => {
      const request = namedRequest(upstream + secret, { method: 'POST' }, done)
      request.write('a')
      return request.end('b')
    }),
  'headers-flat': () =>
    outcome(done =>
      get(upstream + secret, { headers: ['host', `127.0.0.1:${port}`, 'a', 'b'] }, done),
    ),
  'headers-flat-traceparent': () =>
    outcome(done =>
      get(
        upstream + secret,
        {
          headers: [
            'Host',
            `127.0.0.1:${port}`,
            'Traceparent',
            `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
          ],
        },
        done,
      ),
    ),
  'headers-pairs': () =>
    outcome(done => get(upstream + secret, { headers: [['Host', `127.0.0.1:${port}`]] }, done)),
  expect: () =>
    outcome(done => {
      const request = namedRequest(
        upstream + secret,
        { method: 'POST', headers: { Expect: '100-continue' } },
        done,
      )
      request.on('continue', () => request.end('b'))
      return request
    }),
  'own-traceparent': () =>
    outcome(done =>
      get(
        upstream + secret,
        { headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } },
        done,
      ),
    ),
  agent: () =>
    outcome(done => get(upstream + secret, { agent: new http.Agent({ keepAlive: true }) }, done)),
  refused: () => outcome(done => get(`http://127.0.0.1:${process.env.CLOSED}/users/42`, done)),
  broken: () => outcome(done => get(`${upstream}/broken/42`, done)),
  missing: () => outcome(done => get(`${upstream}/missing/42`, done)),
  abort: () =>
    outcome(done => {
      const request = get(`${upstream}/slow/42`, done)
      setImmediate(() => request.destroy())
      return request
    }),
  timeout: () =>
    outcome(done => {
      const request = get(`${upstream}/slow/42`, { timeout: 20 }, done)
      return request.on('timeout', () =>
        request.destroy(Object.assign(new Error('s3cr3t'), { code: 'MY_TIMEOUT' })),
      )
    }),
  unheard: () =>
    new Promise(resolve => {
      // Nobody listens for the answer: Node throws it away, and closes.
      get(upstream + secret).on('close', () => resolve('closed'))
    }),
  // As wrappers of answers do: what they emit must not come back to them.
  'wrapped-answer': () =>
    new Promise(resolve => {
      get(upstream + secret, response => {
        const wrapper = Object.create(response)
        wrapper.on('custom', () => response.resume().on('end', () => resolve('hello')))
        wrapper.emit('custom')
      })
    }),
  'bad-options': async () => {
    try {
      get({ port: -1 })
    } catch (error) {
      return `threw ${error.code}`
    }
  },
  fetch: async () => (await fetch(upstream + secret)).text(),
  'fetch-post': async () => (await fetch(upstream + secret, { method: 'POST', body: 'b' })).text(),
  'fetch-own-traceparent': async () =>
    (
      await fetch(upstream + secret, {
        headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
      })
    ).text(),
  'fetch-redirect': async () => (await fetch(`${upstream}/moved/42`)).text(),
  'fetch-refused': () =>
    fetch(`http://127.0.0.1:${process.env.CLOSED}/users/42`).catch(
      error => `failed ${error.cause.code}`,
    ),
  'fetch-abort': async () => {
    const abort = new AbortController()
    setImmediate(() => abort.abort())
    return fetch(`${upstream}/slow/42`, { signal: abort.signal }).catch(
      error => `failed ${error.name}`,
    )
  },
}

serve(
  http.createServer(async (request, response) => {
    response.end(await calls[request.url.slice(1)]())
  }),
)
