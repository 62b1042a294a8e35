import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { pathTemplate } from '../dist/trace/path-template.js'

describe('the guess at a route', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['/', '/'],
    ['', '/'],
    ['*', '*'],
    ['/menu', '/menu'],
    ['/menu/', '/menu'],
    ['//menu', '/menu'],
    ['/users/42', '/users/:id'],
    ['/users/42/orders?email=a@b.c#top', '/users/:id/orders'],
    ['/users#42', '/users'],
    ['http://example.com/users/1', '/users/:id'],
    ['http://example.com', '/'],
    ['http://example.com?x=/y', '/'],
    ['/files/3f2504e0-4f89-41d3-9a0c-0305e82c3301/raw', '/files/:id/raw'],
    ['/commits/deadbee1', '/commits/:id'],
    ['/feedface', '/feedface'],
    ['/mail/ann@example.com', '/mail/:id'],
    ['/mail/ann%40example.com', '/mail/:id'],
    ['/search/hello%20world', '/search/:id'],
    ['/t/V1StGXR8_Z5jdHi6B-myT', '/t/:id'],
    ['/t/dGhpcyBpcyBhbiBpZA', '/t/:id'],
    ['/t/qhwkzvbnmtrplxcdfgjs', '/t/qhwkzvbnmtrplxcdfgjs'],
    ['/t/qhwkzvbnmtrplxcdfgjsqwrt', '/t/:id'],
    ['/t/QHWKZVBNMTRPLXCDFGJS', '/t/:id'],
    ['/t/abcdefgh1jklmnop', '/t/:id'],
    ['/oauth2-callback-handler', '/oauth2-callback-handler'],
    ['/getUserAccountDetails', '/getUserAccountDetails'],
    ['/USER_ACCOUNT_DETAILS', '/USER_ACCOUNT_DETAILS'],
    ['/t/dGhpcyBpcyBhbi1pZA', '/t/:id'],
    ['/t/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9', '/t/:id'],
    ['/orders/order-2024-17', '/orders/:id'],
    ['/api/v1/oauth2/s3', '/api/v1/oauth2/s3'],
    ['/getUserPreferences/listAll', '/getUserPreferences/listAll'],
    ["/odata/Users('ann')", '/odata/:id'],
    ['/a/b/c/d/e/f/g/h/i/j/k/l', '/a/b/c/d/e/f/g/h/i/j/*'],
  ]
  for (const [path, template] of cases) {
    test(`${path || 'nothing'} is ${template}`, () => assert.equal(pathTemplate(path), template))
  }

  const seed = Date.now() % 1_000_000
  console.log(`# seed ${seed}`)
  const runs = { numRuns: 2_000, seed }
  const value = fc.oneof(
    fc.uuid(),
    fc.emailAddress().map(encodeURIComponent),
    fc.nat().map(String),
    fc.stringMatching(/^[0-9a-f]{24}$/).filter(text => /\d/.test(text)),
    fc.base64String({ minLength: 36 }).map(text => text.replaceAll('/', '_')),
    fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
    fc.ulid(),
  )

  test('ids of every kind are found, so that all users have one route', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        assert.equal(pathTemplate(`/users/${one}/orders`), pathTemplate(`/users/${other}/orders`))
      }),
      runs,
    )
  })

  test('random letters with capitals are values, but for one in a hundred', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('')
    const letter = fc.constantFrom(...letters)
    const token = fc.array(letter, { minLength: 16, maxLength: 32 }).map(each => each.join(''))
    const left = fc.sample(token, runs).filter(text => pathTemplate(`/t/${text}`) !== '/t/:id')
    assert.ok(left.length <= runs.numRuns / 100, left.join(' '))
  })

  test('whatever comes, the template is short, without query, and its own template', () => {
    const target = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.webUrl(),
      fc.webPath(),
    )
    fc.assert(
      fc.property(target, path => {
        const template = pathTemplate(path)
        assert.ok(template.length < 350 && !template.includes('?') && !template.includes('#'))
        assert.equal(pathTemplate(template), template)
      }),
      runs,
    )
  })
})
