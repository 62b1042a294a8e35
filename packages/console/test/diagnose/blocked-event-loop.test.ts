import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { draw } from '../draw.js'
import { find, findingsIn, kinds } from './kinds.js'

const blocked = {
  block: {
    name: 'blocked: event loop',
    attributes: {
      'hotpath.blocked': true,
      'code.file.path': 'src/sessions.ts',
      'code.line.number': 35,
    },
  },
}

const hashing = `
  POST /sessions   ========     server
    user           =            select * from users where email = $1 #*
    block           ======      internal
`

describe('a blocked-event-loop is named', () => {
  test('where most requests keep it for long, with the place that was reached', () => {
    const [one, ...others] = find(hashing, blocked)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'blocked-event-loop')
    assert.equal(one.title, 'It keeps the event loop for 60\u2009ms')
    assert.deepEqual(one.where, { file: 'src/sessions.ts', line: 35 })
    assert.equal(one.cost.msPerRequest, 60)
  })

  test('with the frame that computes, once the recorder has profiled one of them', () => {
    const profiled = {
      block: {
        ...blocked.block,
        attributes: {
          'hotpath.blocked': true,
          'hotpath.blocked.share': 0.87,
          'code.file.path': 'src/hash.ts',
          'code.line.number': 12,
          'code.function.name': 'stretch',
        },
      },
    }
    const longer = hashing.replace('======  ', '======= ')
    const [one] = findingsIn([
      draw(longer, blocked),
      draw(longer, blocked),
      draw(hashing, profiled),
      draw(longer, blocked),
    ])
    assert.deepEqual(one?.where, { file: 'src/hash.ts', line: 12, function: 'stretch' })
    const [, frame] = one.evidence.sentences
    assert.equal(
      frame?.replaceAll('\u2009', ' '),
      "`stretch` (src/hash.ts:12) computes in 87 % of such a block, by Node's profiler.",
    )
  })

  test('and not after two requests, nor in the first ones of the route: they compile its code', () => {
    assert.deepEqual(findingsIn([draw(hashing, blocked), draw(hashing, blocked)]), [])
    const first = { 'http.request.method': 'POST', 'http.route': '/sessions' }
    const attributes = { ...first, 'hotpath.sampled.reason': 'new' }
    assert.deepEqual(kinds(hashing, { ...blocked, 'POST /sessions': { attributes } }), [])
  })

  test('and not for what a busy machine stretches: several short ones', () => {
    const short = hashing.replace(/(block +)======/, '$1==  ==')
    assert.deepEqual(kinds(short, blocked), [])
  })

  test('and not where one request in ten is quick about it, though the typical one is not', () => {
    const quick = hashing.replace(/(block +)======/, '$1  ==  ')
    const pictures = [...Array<string>(8).fill(hashing), quick]
    assert.deepEqual(findingsIn(pictures.map(picture => draw(picture, blocked))), [])
  })

  test('and not where every second request shows none, unless that is far above what a busy machine makes', () => {
    const none = `
  POST /sessions   ========     server
    user           =            select * from users where email = $1 #*
`
    const half = (picture: string) =>
      findingsIn([picture, none, picture, none, picture, none].map(one => draw(one, blocked)))
    assert.deepEqual(half(hashing), [])
    const long = hashing.replaceAll(/=+( +(?:server|internal))/g, `${'='.repeat(16)}$1`)
    assert.deepEqual(
      half(long).map(({ kind }) => kind),
      ['blocked-event-loop'],
    )
  })

  test('and not where the machine stretches most statements as much', () => {
    const read = (t: string, cells: string) =>
      `${t.padEnd(14)}   ${cells}     select * from ${t} where id = $1 #*`
    const drawn = (busy: boolean) =>
      draw(
        `
    POST /sessions   ====================     server
${['a', 'b', 'c'].map((t, i) => `      ${read(t, `${' '.repeat(i * 4)}${busy ? '====' : '='}`)}`).join('\n')}
      block                      ====         internal
`,
        blocked,
      )
    const all = [...Array<boolean>(4).fill(true), false].map(drawn)
    assert.deepEqual(
      findingsIn(all).filter(({ kind }) => kind === 'blocked-event-loop'),
      [],
    )
  })

  test('and not beside the list whose rows it works on', () => {
    const list = `
  GET /reviews   ==========     server
    reviews      ==             select * from reviews r=5000
    block          =====        internal
`
    assert.deepEqual(kinds(list, blocked), ['unbounded-list'])
    const elsewhere = list.replace(/(block +)  =====/, '$1    ===')
    assert.deepEqual(kinds(elsewhere, blocked).sort(), ['blocked-event-loop', 'unbounded-list'])
  })
})
