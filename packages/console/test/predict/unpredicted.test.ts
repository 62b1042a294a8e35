import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Attributes } from '../../dist/model.js'
import type { Drawn } from '../draw.js'
import { drawn, finding, GET_X } from './gains.js'

describe('nothing is predicted, and it is said why,', () => {
  const held = `
    POST /x      ====================     server
      begin        =                      begin
      order         =                     insert into orders (id) values ($1) #*
      charge          ===========         call POST pay:80/charges
      commit                      =       commit`
  const plain = `
    GET /x    ==========                  server
      items    ===                        select id, name from items`
  const answer = { 'http.response.body.size': 800_000, 'hotpath.answer.type': 'json' }
  const of = (attributes: Attributes, statement: Attributes = {}) => ({
    'GET /x': { attributes: { ...GET_X, ...attributes } },
    items: { attributes: statement },
  })
  const cases: readonly (readonly [
    kind: string,
    picture: string,
    Record<string, Drawn>,
    RegExp,
  ])[] = [
    ['chatty-transaction', held, {}, /What others gain, which wait for its locks/],
    [
      'connection-leak',
      plain,
      of({}, { 'hotpath.leak': 'connection' }),
      /It costs its own request nothing/,
    ],
    ['large-payload', plain, of(answer), /How much of it callers need is not seen/],
    [
      'large-result',
      plain,
      of({}, { 'hotpath.returned.bytes': 2_000_000 }),
      /How much of it is needed/,
    ],
    [
      'uncompressed',
      plain,
      of({ ...answer, 'hotpath.answer.compressed': 'no' }),
      /wait for the bytes on the way/,
    ],
  ]
  for (const [kind, picture, changes, why] of cases)
    test(`of ${kind}`, () => {
      const { gain } = finding(kind, drawn(3, picture, changes))
      assert.equal(gain?.predicted, null)
      assert.match(gain.how.join(' '), why)
    })
})
