import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { CollectedSpan } from './collector.js'
import { observe, type Observation } from './observed.js'

describe('what the app sets on spans of OpenTelemetry', () => {
  let seen: Observation
  let attributes = 0
  before(async () => {
    seen = await observe('opentelemetry-secrets.cjs', async app => {
      attributes = Number(await (await fetch(app.url)).text())
    })
  })
  const named = (name: string): CollectedSpan[] => seen.spans.filter(span => span.name === name)

  test('leaves without secrets, by whatever attribute or name they come', () => {
    assert.ok(attributes > 900, 'of the conventions')
    assert.ok(named('planted').length > attributes / 40)
    assert.deepEqual(seen.errors, [])
    const leaks = seen.spans.flatMap(({ name, attributes }) =>
      [['name', name], ...Object.entries(attributes)].filter(([key, value]) =>
        // The app's own attributes leave as they are, but for addresses.
        key === 'shop.own' ? false : /s3cr3t/.test(String(value)),
      ),
    )
    assert.deepEqual(leaks, [])
  })

  test('loses credentials and queries of addresses also in attributes of its own', () => {
    const own = named('own').map(span => String(span.attributes['shop.own']))
    assert.ok(own.includes('https://shop.example/a'))
    assert.ok(own.includes('postgres://db.example:5432/shop'))
    assert.ok(own.includes('shop.example'))
  })

  test('keeps what tells where the time goes: templates, tables, hosts', () => {
    const texts = seen.spans.map(span => span.attributes['db.query.text'])
    assert.ok(texts.includes('select * from users where name = ?'))
    assert.ok(texts.includes('select * from users where `a` = ?'))
    assert.ok(named('SET').length > 0 && named('MATCH').length > 0)
    const hosts = seen.spans.map(span => span.attributes['server.address'])
    assert.ok(hosts.includes('db.example'))
  })
})
