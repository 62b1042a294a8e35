import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { counts } from '../dist/trace/counts.js'
import { routeStats, workStats } from '../dist/trace/routes.js'
import { MAX_SERIES, newSeries, takeSeries } from '../dist/trace/series.js'

describe('the stats of a route', () => {
  test('are one object for one name, also when the path was guessed before it was named', () => {
    const guessed = routeStats('GET', '/users/:id', true)
    const named = routeStats('GET', '/users/:id')
    assert.notEqual(named, guessed)
    assert.equal(routeStats('GET', '/users/:id', true), guessed)
    assert.equal(routeStats('GET', '/users/:id'), named)
    assert.notEqual(routeStats('POST', '/users/:id'), named)
    assert.equal(named.duration(200), named.duration(200))
  })

  test('ask for the first five call sites of each statement, then at each doubling', () => {
    const stats = routeStats('GET', '/sites')
    const asked = (template: string) =>
      Array.from({ length: 20 }, () => stats.wantsSite(template)).filter(Boolean).length
    // The first five, the 8th and the 16th; then the 32nd.
    assert.equal(asked('select 1'), 7)
    assert.equal(asked('select 1'), 1)
    assert.equal(asked('select 2'), 7)
  })

  test('are bounded: after a thousand routes, the others share one', () => {
    // Neither names of work outside of requests nor guesses take their room.
    for (let n = 0; n < 1500; n++) workStats(`work ${n}`)
    assert.equal(workStats('one more'), workStats('and another'))
    for (let n = 0; n < 1500; n++) routeStats('GET', `/guess${n}`, true)
    assert.notEqual(routeStats('GET', '/of-its-own'), routeStats('GET', '/another-one'))
    for (let n = 0; n < 1000; n++) routeStats('GET', `/r${n}`)
    assert.equal(routeStats('GET', '/one-more'), routeStats('PUT', '/and-another'))
  })
})

describe('series', () => {
  test('give what was counted since the last time, and only those with something', () => {
    takeSeries()
    const histogram = newSeries('db.client.operation.duration', { 'db.query.text': 'select 1' })
    histogram.record(0.5)
    const [only, ...others] = takeSeries()
    assert.equal(only?.delta.count, 1)
    assert.equal(only?.attributes['db.query.text'], 'select 1')
    assert.deepEqual(others, [])
    assert.deepEqual(takeSeries(), [])
  })

  test('are bounded: what is over shares one series for each metric, and is counted', () => {
    for (let n = 0; n < MAX_SERIES; n++) newSeries('db.client.operation.duration', { n })
    const before = counts.dropped.get('series overflow') ?? 0
    const one = newSeries('db.client.operation.duration', { 'db.query.text': 'select 2' })
    const two = newSeries('db.client.operation.duration', { 'db.query.text': 'select 3' })
    assert.equal(one, two)
    assert.equal(counts.dropped.get('series overflow'), before + 2)
    const requests = newSeries('http.server.request.duration', { 'http.route': '/' })
    assert.notEqual(requests, newSeries('http.server.request.duration', { 'http.route': '/a' }))
    assert.equal(
      counts.dropped.get('series overflow'),
      before + 2,
      'of another metric: room enough',
    )
    one.record(1)
    const [overflow] = takeSeries()
    assert.deepEqual(overflow?.attributes, { 'otel.metric.overflow': true })
  })
})
