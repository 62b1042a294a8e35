import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { installed } from '@hotpath/test/company'
import type { Observation } from '../observed.js'
import { assertSpans, drive, requestsOf } from './drive.js'
import { waysOf } from './registry.js'

const CLIENTS = waysOf('fetch, undici', 'axios, got')

describe('calls out, and fields of GraphQL', () => {
  let seen: Observation
  before(async () => {
    const env = { STACKS: join(installed('stacks'), 'package.json') }
    const ways = [...CLIENTS, ...waysOf('graphql')]
    seen = await drive({ stack: 'calls', framework: 'nest', env, ways })
  })

  for (const way of CLIENTS)
    test(`${way}: each call once, in its own request`, () => {
      assertSpans(seen, way, {
        of: span => 'http.request.method' in span.attributes && span.kind === 3,
        names: n => Array.from({ length: (n % 3) + 1 }, () => 'GET /users/:id'),
      })
    })

  test('a span for each field that does work, with what it asks for below it', () => {
    let trivial = 0
    for (const request of requestsOf(seen, 'fields')) {
      const spans = seen.spans.filter(span => span.traceId === request.traceId)
      const all = spans.filter(span => 'graphql.field.name' in span.attributes)
      // Done at once, unless the machine was busy with something else for a millisecond.
      const fields = all.filter(span => span.name !== 'User.upper')
      trivial += all.length - fields.length
      assert.deepEqual(fields.map(span => span.name).sort(), [
        'Query.users',
        'User.friends',
        'User.friends',
      ])
      const calls = spans.filter(span => span.name === 'GET /users/:id' && span.kind === 3)
      const friends = fields.filter(span => span.name === 'User.friends')
      assert.deepEqual(
        calls.map(span => span.parentId).sort(),
        friends.map(span => span.spanId).sort(),
      )
    }
    assert.ok(trivial < 24, `${trivial} of 48 fields that are done at once`)
  })

  test('a field that fails says of what kind it was', () => {
    const fields = assertSpans(seen, 'fails', {
      of: span => 'graphql.field.name' in span.attributes,
      names: () => ['Query.fails'],
    })
    for (const { attributes, status } of fields) {
      assert.equal(status, 2)
      assert.equal(attributes['error.type'], 'GraphQLError')
    }
  })
})
