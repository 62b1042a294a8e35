import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { found } from '../../dist/diagnose/findings.js'
import { withGains } from '../../dist/predict/gain.js'
import { averages, counted, drawn, finding, GET_X, says, times } from './gains.js'
describe('predicted is', () => {
  test('in numbers, also where a histogram is so coarse that its last bucket has no end', () => {
    const traces = drawn(
      3,
      `
      GET /x    ================  server
        one      == == == == ==   select street from addresses where user_id = $1  #*`,
    )
    const buckets = [10, 20]
    const histogram = { count: 30, sum: 1, scale: -10, zeroCount: 0, offset: 0, buckets }
    const routes = [{ service: 'shop', attributes: GET_X, histogram }]
    const material = { traces, statements: [], routes }
    const all = withGains(found(material), material, 1)
    const gain = all.find(({ kind }) => kind === 'n-plus-one')?.gain
    assert.ok(gain)
    assert.doesNotMatch(JSON.stringify(gain), /null/)
  })

  test('of an answer that is slow to put into JSON: what plain objects of its size take', () => {
    const slow = {
      'http.response.body.size': 20_000,
      'hotpath.answer.type': 'json',
      'hotpath.answer.serialised_ms': 60,
    }
    const traces = drawn(
      3,
      `
      GET /x    ==========            server
        items    ===                  select id, name from items
      `,
      { 'GET /x': { attributes: slow } },
    )
    const one = finding('slow-serialisation', traces, { requestsMs: times(100, 100) })
    // 60 ms become 0.1: 20 kB at 5 ns a byte.
    const [before, after] = averages(one)
    assert.ok(Math.abs(before - after - 59.9) < 0.5, `${before} ${after}`)
    assert.match(says(one), /takes 100 µs \(median\) instead: 5 ns a byte/)
  })

  test('of answers that repeat: a hit for the part that would have had one', () => {
    const repeats = {
      'hotpath.repeats.asked': 100,
      'hotpath.repeats.same': 60,
      'hotpath.repeats.changed': 0,
      'hotpath.repeats.personal': 0,
      'http.response.status_code': 200,
    }
    const traces = drawn(
      3,
      `
      GET /x    ==========            server
        items    ========             select id, name from items
      `,
      { 'GET /x': { attributes: repeats } },
    )
    const one = finding('cacheable', traces, { requestsMs: times(100, 100) })
    // 40 of 100 requests take what they took, 60 take 0.1 ms.
    const [before, after] = averages(one)
    assert.equal((after / before).toFixed(2), '0.40')
    assert.match(says(one), /60 % of the requests are answered in 100 µs/)
  })

  test('of a loop: one call of it, and the code between', () => {
    const traces = drawn(
      3,
      `
      GET /x    ===================   server
        users    ==                   select id from users
        street      == == == == ==    select street from addresses where user_id = $1 #*
      `,
    )
    // One statement of 20.2 ms instead of five of 20.
    assert.deepEqual(averages(finding('n-plus-one', traces)), [190, 110.2])
    assert.match(
      says(finding('n-plus-one', traces)),
      /5 calls become one of 20 ms: .* 50 µs for each/,
    )
  })

  test('of a loop over what is slow by itself: the work on each key stays', () => {
    const loop = 'select sum(amount) from payments where user_id = $1'
    const traces = drawn(
      3,
      `
      GET /x    ======================   server
        users    =                       select id from users
        sums       === === === === ===   ${loop} #*
      `,
    )
    const statements = [
      counted({ 'db.query.text': loop }, times(40, 30)),
      counted({ 'db.query.text': 'select id from users' }, times(40, 10)),
    ]
    // 30 ms, and 20 for each of four more: 110 of 150 ms stay.
    const [, after] = averages(finding('n-plus-one', traces, { statements }))
    assert.ok(Math.abs(after - 180) < 2, `${after}`)
  })

  test('of a loop at the same time: no more than it took', () => {
    const traces = drawn(
      3,
      `
      GET /x    =======        server
        all      =====         internal
          a      ====          select street from addresses where user_id = $1 #1
          b      ====          select street from addresses where user_id = $1 #2
          c      ====          select street from addresses where user_id = $1 #3
          d      ====          select street from addresses where user_id = $1 #4
          e      ====          select street from addresses where user_id = $1 #5
      `,
    )
    assert.deepEqual(averages(finding('n-plus-one', traces)), [70, 70])
  })

  test('of the same query again: the first of each set of parameters, with its waits', () => {
    const traces = drawn(
      3,
      `
      GET /x    ==================   server
        wait     =  =  =  =  =  =    internal
        rate      =  =  =  =  =  =   select percent from rates where region = $1 #a,b
      `,
    )
    assert.deepEqual(averages(finding('repeated-statement', traces)), [180, 100])
  })

  test('of queries that could run together: the longer of the two', () => {
    const traces = drawn(
      3,
      `
      GET /x   ==========   server
        a       ===         select sum(a) from sales
        b          =====    select sum(b) from costs
      `,
    )
    assert.deepEqual(averages(finding('sequential-statements', traces)), [100, 70])
  })

  test('of a look-up without an index: two milliseconds; of any other slow query: nothing', () => {
    const traces = drawn(
      3,
      `
      GET /x   ========    server
        user    ======     select * from users where email = $1 #a r=1
      `,
    )
    const [, after] = averages(finding('slow-statement', traces))
    // The only statement shows no other way to the database than its own: the prediction keeps it.
    assert.equal(after, 80)
    const near = counted({ 'db.query.text': 'select 1 from cups' }, times(40, 0.5))
    const own = counted({ 'db.query.text': 'select * from users where email = $1' }, times(40, 60))
    const [, fast] = averages(finding('slow-statement', traces, { statements: [near, own] }))
    assert.equal(fast, 22.5)
    const joined = drawn(
      3,
      `
      GET /x   ========    server
        user    ======     select sum(a) from users join orders using (id) where email = $1 #a r=1
      `,
    )
    const one = finding('slow-statement', joined)
    assert.equal(one.gain?.predicted, null)
    assert.match(says(one), /only its plan tells/)
  })

  test('of new connections, and of waits for one: what is left without them', () => {
    const churn = drawn(
      3,
      `
      GET /x     ==========   server
        connect   ====        internal
        query         ==      select * from hours where id = $1 #a
      `,
    )
    assert.deepEqual(averages(finding('connection-churn', churn)), [100, 60])
    const starved = drawn(
      3,
      `
      GET /x   ==========   server
        wait    ====        internal
        query       ==      select * from hours where id = $1 #a
      `,
    )
    assert.deepEqual(averages(finding('starved-pool', starved)), [100, 60])
    assert.match(says(finding('starved-pool', starved)), /at best/)
  })

  test('of work that can wait: the call is gone, and a write comes in', () => {
    const traces = drawn(
      3,
      `
      GET /x    ==============   server
        order    ==              insert into orders (a) values ($1) #a
        mail       ==========    call POST mail:80/mails
      `,
    )
    assert.deepEqual(averages(finding('background-work', traces)), [140, 60])
  })

  test('of calls in turn: eight begin at once; at once already, nothing is', () => {
    const traces = drawn(
      3,
      `
      GET /x    =====================   server
        price    == == == == == == ==   call GET prices:80/prices/:id
      `,
    )
    assert.deepEqual(averages(finding('n-plus-one-calls', traces)), [210, 30])
    const together = drawn(
      3,
      `
      GET /x   =======    server
        a       =====     call GET prices:80/prices/:id
        b       =====     call GET prices:80/prices/:id
        c       =====     call GET prices:80/prices/:id
        d       =====     call GET prices:80/prices/:id
        e       =====     call GET prices:80/prices/:id
      `,
    )
    assert.equal(finding('n-plus-one-calls', together).gain?.predicted, null)
  })

  test('of calls that could run together: the longer of the two', () => {
    const traces = drawn(
      3,
      `
      GET /x   ==========   server
        a       ===         call GET one:80/a
        b          =====    call GET two:80/b
      `,
    )
    assert.deepEqual(averages(finding('sequential-calls', traces)), [100, 70])
  })

  test('of a list without a limit: what a page takes, with the work on it', () => {
    const traces = drawn(
      3,
      `
      GET /x   ================   server
        list    ======            select * from reviews r=4000
      `,
    )
    // 39 ms less for the statement; of 90 ms of work on the rows 2.25 are left.
    assert.deepEqual(averages(finding('unbounded-list', traces)), [160, 33.3])
  })

  test('of a slow call, and of a block: nothing, and why', () => {
    const call = finding(
      'slow-call',
      drawn(
        3,
        `
      GET /x    ==================   server
        stock    ===============     call GET roastery:80/stock/:id
        `,
      ),
    )
    assert.equal(call.gain?.predicted, null)
    assert.match(says(call), /No fix gains more than the call itself: 150 ms of 180 ms/)
    const block = finding(
      'blocked-event-loop',
      drawn(
        6,
        `
      GET /x    ==================   server
        hash     ===============     internal
        `,
        { hash: { attributes: { 'hotpath.blocked': true } } },
      ),
    )
    assert.equal(block.gain?.predicted, null)
    assert.match(says(block), /this request gains nothing/)
  })
})

const slow = `
  GET /x    ==========   server
    wait     ========    internal
    query            =   select * from hours where id = $1 #a
`
const quick = `
  GET /x    ==   server
    query    =   select * from hours where id = $1 #a
`

describe('the histogram weighs', () => {
  test('so that slow requests, however many of them were sampled, do not gain for the others', () => {
    const traces = [...drawn(19, slow), ...drawn(1, quick)]
    const one = finding('starved-pool', traces, {
      requestsMs: [...times(950, 20), ...times(50, 100)],
    })
    const predicted = one.gain?.predicted
    assert.ok(predicted)
    assert.equal(predicted.requests, 1_000)
    // 50 requests of 100 ms to 20: 4 s; of the sample alone it would be 76 s.
    assert.ok(Math.abs(predicted.savedMs - 4_000) < 120, `${predicted.savedMs}`)
    assert.equal(predicted.before.p50Ms, predicted.after.p50Ms)
    assert.ok((predicted.before.p95Ms ?? 0) > 19 && (predicted.after.p95Ms ?? 0) < 21)
  })

  test('so that requests unlike any sampled one gain nothing that was not seen', () => {
    const faster = finding('starved-pool', drawn(3, slow), { requestsMs: times(100, 10) })
    assert.deepEqual(faster.gain?.predicted?.before, faster.gain?.predicted?.after)
    const slower = finding('starved-pool', drawn(3, slow), { requestsMs: times(100, 1_000) })
    // What a request of 1 s took more than the sampled one of 100 ms stays.
    const saved = slower.gain?.predicted?.savedMs ?? 0
    assert.ok(Math.abs(saved - 100 * 80) < 1, `${saved}`)
  })

  test('and says percentiles of 20 requests at least, and how many callers fit', () => {
    const few = finding('starved-pool', drawn(3, slow), { requestsMs: times(19, 100) })
    assert.equal(few.gain?.predicted?.before.p95Ms, null)
    const more = finding('starved-pool', drawn(3, slow), { requestsMs: times(20, 100) })
    assert.ok((more.gain?.predicted?.after.p95Ms ?? 0) < 21)
    assert.ok(Math.abs((more.gain?.predicted?.throughput ?? 0) - 5) < 0.1)
  })

  test('both distributions over the same requests', () => {
    const traces = [...drawn(2, slow), ...drawn(1, quick)]
    const one = finding('starved-pool', traces, {
      requestsMs: [...times(60, 20), ...times(40, 99)],
    })
    const { fromMs = [], before = [], after = [] } = one.gain?.predicted?.distribution ?? {}
    const sum = (counts: readonly number[]) => Math.round(counts.reduce((a, b) => a + b, 0))
    assert.deepEqual([sum(before), sum(after)], [100, 100])
    assert.equal(fromMs.length, before.length + 1)
    assert.equal(before.at(-1), 40)
    assert.equal(after.at(-1), 0)
  })
})

describe('findings stand', () => {
  test('in the order of what their fixes would save, others at what they cost', () => {
    const loops = `
      GET /x    ==============================   server
        a        ===================             select sum(a) from sales join costs using (id)
        users                       =            select id from users
        street                       == == ==    select street from addresses where user_id = $1 #a,b,c,d,e,f
    `
    const material = { traces: drawn(3, loops), statements: [], routes: [] }
    const ranked = withGains(found(material), material, 1)
    const worth = ranked.map(({ gain, cost }) => gain?.predicted?.savedMs ?? cost.totalMs)
    assert.deepEqual(
      worth,
      worth.toSorted((a, b) => b - a),
    )
    assert.equal(ranked[0]?.kind, 'slow-statement')
  })
})
