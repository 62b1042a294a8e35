import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { jwt, keyHash, verified } from '../../dist/identity/index.js'
import { identityOf } from '../../dist/limit/who.js'

const issuer = 'https://id.example.com'
const requestWith = (...rawHeaders: string[]): IncomingMessage =>
  ({ rawHeaders, socket: { remoteAddress: '192.0.2.1' } }) as unknown as IncomingMessage
const bearer = (token: string): IncomingMessage => requestWith('Authorization', `Bearer ${token}`)

describe('a signed token', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const other = await generateKeyPair('ES256')
  let server: Server
  let jwks = ''
  let fetches = 0

  before(async () => {
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }]
    server = createServer((_, response) => {
      fetches++
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
  })
  after(() => void server.close())

  const token = (claims: object, key = privateKey, expires: string | number = '5m') =>
    new SignJWT({ iss: issuer, aud: 'shop', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'a' })
      .setExpirationTime(expires)
      .sign(key)
  const identify = () => jwt({ jwks, issuer, audience: 'shop', plan: 'plan' })

  test('tells who it is, and on which plan', async () => {
    const who = identify()
    assert.deepEqual(await who(bearer(await token({ sub: 'ann', plan: 'pro' }))), {
      key: 'ann',
      plan: 'pro',
    })
    const byMail = jwt({ jwks, claim: 'email', header: 'X-Token' })
    assert.equal(await byMail(requestWith('x-token', await token({ email: 'a@b.c' }))), 'a@b.c')
  })

  test('that is not to be believed tells nobody', async () => {
    const who = identify()
    const good = await token({ sub: 'ann' })
    const [head = '', body = '', signature = ''] = good.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
    const bob = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const cases = {
      changed: `${head}.${bob}.${signature}`,
      unsigned: `${none}.${body}.`,
      'of another key': await token({ sub: 'ann' }, other.privateKey),
      'of another issuer': await token({ sub: 'ann', iss: 'https://evil.example' }),
      'for another service': await token({ sub: 'ann', aud: 'bank' }),
      ended: await token({ sub: 'ann' }, privateKey, 1_000_000_000),
      'without the claim': await token({}),
      'megabytes long': `${head}.${'a'.repeat(2_000_000)}.${signature}`,
      'no token': 'ann',
    }
    for (const [what, text] of Object.entries(cases)) {
      const told = await who(bearer(text))
      assert.equal(typeof told === 'object' ? told.key : told, undefined, what)
    }
    assert.equal(await who(requestWith()), undefined)
  })

  test('is verified once while it lives, with keys that are fetched once', async () => {
    const who = identify()
    const request = bearer(await token({ sub: 'ann' }))
    await who(request)
    const before = fetches
    // The second time it is known at once: no promise.
    assert.deepEqual(who(request), { key: 'ann', plan: undefined })
    assert.equal(fetches, before)
  })

  test('with keys that cannot be had tells nobody, and does not throw', async () => {
    const who = jwt({ jwks: 'http://127.0.0.1:9/jwks.json' })
    assert.equal(await who(bearer(await token({ sub: 'ann' }))), undefined)
  })

  test('with options that make no sense is refused at once', () => {
    assert.throws(() => jwt({ jwks: 'id.example.com' }), {
      message:
        'jwt: "jwks" must be the URL of a key set, such as https://id.example.com/jwks.json, but is id.example.com.',
    })
    assert.throws(
      () => jwt({ jwks, algorithms: ['none'] }),
      /HotpathError: jwt: "algorithms" must be some of/,
    )
    assert.throws(() => jwt({ jwks, algorithms: ['HS256'] }), /"algorithms"/)
  })
})

describe('who is counted', () => {
  test('is who was verified, who has a key, or an address', async () => {
    const byUser = identityOf('user', { identify: verified(() => 'ann') })
    const byKey = identityOf('key', {})
    const byAddress = identityOf('ip', {})
    const request = requestWith('X-Api-Key', 'k-1')
    const keys = [await byUser(request), await byKey(request), await byAddress(request)]
    assert.deepEqual(keys, ['ann', 'k-1', '192.0.2.1'])
  })

  test('is nobody where what tells it verifies nothing, throws, or gives none', async () => {
    const request = requestWith('X-Api-Key', 'k'.repeat(2_000))
    const none = [
      identityOf('user', { identify: () => 'ann' }),
      identityOf('user', {}),
      identityOf('user', { identify: verified(() => Promise.reject(new Error('down'))) }),
      identityOf('key', {}),
      identityOf(() => '', {}),
      identityOf(() => {
        throw new Error('odd')
      }, {}),
    ]
    for (const identity of none) assert.equal(await identity(request), undefined)
  })

  test('leaves the process as a hash that only who has the secret can make', () => {
    const key = '203.0.113.9'
    assert.equal(keyHash('secret')(key), keyHash('secret')(key))
    assert.notEqual(keyHash('secret')(key), keyHash('other')(key))
    assert.notEqual(keyHash()(key), keyHash()(key))
    assert.match(keyHash('secret')(key), /^[\w-]{16}$/)
  })
})
