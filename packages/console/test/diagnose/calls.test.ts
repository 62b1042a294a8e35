import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { draw } from '../draw.js'
import { find, findingsIn, kinds } from './kinds.js'

describe('background-work is named', () => {
  const mail = `
  POST /orders   =============================     server
    user         =                                 select email from users where id = $1 #*
    order         ==                               insert into orders (id) values ($1) #*
    mail            ==========================     call POST mail:80/mails
`
  test('when a request ends with telling another service something', () => {
    const [one, ...others] = find(mail)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'background-work')
    assert.equal(one.about, 'call')
    assert.equal(one.subject, 'POST mail:80/mails')
    assert.equal(one.title, '260\u2009ms for work that can wait')
    assert.match(one.fixes[0]?.note ?? '', /Only if the answer needs nothing/)
  })

  test('and not when something is done with what it returned', () => {
    const charge = `
  POST /orders   ==================     server
    order        =                      insert into orders (id) values ($1) #*
    charge        ===============       call POST pay:80/charges
    paid                         =      update orders set paid = $1 where id = $2 #*
`
    assert.deepEqual(kinds(charge), ['slow-call'])
  })

  test('and not when the request goes on working', () => {
    const render = `
  POST /report   ==================     server
    render        ===========           call POST pdf:80/render
`
    assert.deepEqual(kinds(render), ['slow-call'])
  })

  test('and not when something ran beside it', () => {
    const beside = `
  POST /orders   ===============     server
    charge        ==============     call POST pay:80/charges
    order         =========          insert into orders (id) values ($1) #*
`
    assert.ok(!kinds(beside).includes('background-work'))
  })

  test('and not where nothing was written: the call may be what was asked for', () => {
    const proxy = `
  POST /search   =============     server
    search        ===========      call POST search:80/query
`
    assert.deepEqual(kinds(proxy), ['slow-call'])
  })

  test('and not for a question', () => {
    assert.deepEqual(kinds(mail.replace('call POST', 'call GET')), ['slow-call'])
  })

  test('and not for a quick one', () => {
    const quick = `
  POST /orders   ======     server
    mail           ====     call POST mail:80/mails
`
    assert.deepEqual(kinds(quick), [])
  })
})

describe('slow-call is named', () => {
  const roast = `
  GET /beans/:id/stock   ==============     server
    bean                 =                  select * from beans where id = $1 #*
    roast                 ============      call GET roastery:3001/roasts/:id
`
  test('when a request waits for it, with code that keeps its answer', () => {
    const [one, ...others] = find(roast)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'slow-call')
    assert.equal(one.title, 'Slow call: 120\u2009ms')
    const [cached, limited] = one.fixes
    assert.match(
      cached?.text ?? '',
      /cache\(async \(id\) => \{[^]*http:\/\/roastery:3001\/roasts\/\$\{id\}/,
    )
    assert.match(limited?.text ?? '', /AbortSignal/)
  })

  test('and no answer is kept of what changes something', () => {
    const [one] = find(roast.replace('call GET', 'call POST').replace('=====  ', '==   '))
    assert.ok(one === undefined || one.fixes.every(({ text }) => !text.includes('hotpath/cache')))
  })

  test('and not in the few requests in which it was slow', () => {
    const quick = 'GET /beans/:id/stock   ==============     server'
    assert.deepEqual(
      findingsIn([draw(roast), draw(roast), ...[1, 2, 3].map(() => draw(quick))]),
      [],
    )
  })

  test('and not where the request takes far longer', () => {
    const long = `
  GET /export   ${'='.repeat(60)}     server
    roast        ===========     call GET roastery:3001/roasts/:id
`
    assert.deepEqual(kinds(long), [])
  })
})

describe('n-plus-one-calls are named', () => {
  test('when one address is called five times in a request', () => {
    const [one, ...others] = find(`
  GET /basket   ================================     server
    price        ====  ====  ====  ====  ====        call GET prices:80/prices/:id at=src/basket.ts:7
`)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'n-plus-one-calls')
    assert.equal(one.title, '5 calls in a loop')
    assert.match(
      one.evidence.sentences[0] ?? '',
      /^5 calls of GET prices:80\/prices\/:id, one after another/,
    )
  })

  test('and not four times, nor for five addresses', () => {
    const four = `
  GET /basket   ==========================     server
    price        ====  ====  ====  ====        call GET prices:80/prices/:id
`
    assert.deepEqual(kinds(four), [])
    const five = ['a', 'b', 'c', 'd', 'e'].map(
      (name, i) =>
        `    ${name}           ${' '.repeat(4 * i)} ===                call GET ${name}:80/prices/:id`,
    )
    assert.deepEqual(
      kinds(`\n  GET /basket   ==========================     server\n${five.join('\n')}\n`),
      [],
    )
  })

  test('and the call of an HTTP client below that of another counts once', () => {
    const doubled = `
  GET /basket   ==========================     server
    got          ====  ====  ====  ====        call GET prices:80/prices/:id
      http       ====  ====  ====  ====        call GET prices:80/prices/:id
`
    assert.deepEqual(kinds(doubled), [])
  })
})

describe('sequential-calls are named', () => {
  const two = `
  GET /home   ==================     server
    news      ========               call GET news:80/latest
    weather           ========       call GET weather:80/today
`
  test('when two questions follow each other that need nothing of each other', () => {
    const [one, ...others] = find(two)
    assert.deepEqual(others, [])
    assert.equal(one?.kind, 'sequential-calls')
    assert.equal(one.cost.msPerRequest, 80)
    assert.match(
      one.evidence.sentences[0] ?? '',
      /^GET weather:80\/today begins when GET news:80\/latest/,
    )
  })

  test('and not when the second has an id, which may come from the first', () => {
    assert.deepEqual(kinds(two.replace('/today', '/cities/:id')), [])
  })

  test('and not when something else is asked between them', () => {
    const between = two.replace(
      '    weather ',
      '    user        =                    select * from users\n    weather ',
    )
    assert.ok(!kinds(between).includes('sequential-calls'))
  })

  test('and not when they run together, or one of them changes something', () => {
    assert.deepEqual(
      kinds(two.replace('        ========       call GET w', '========               call GET w')),
      [],
    )
    assert.deepEqual(kinds(two.replace('call GET news', 'call POST news')), [])
  })

  test('and not when the second one is quick', () => {
    assert.deepEqual(
      kinds(two.replace('========       call GET w', '=              call GET w')),
      [],
    )
  })
})
