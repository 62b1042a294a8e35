import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nPlusOne } from '../../dist/diagnose/n-plus-one.js'
import { assemble } from '../../dist/intake/assemble.js'
import { draw, spansOf } from '../draw.js'

const found = (picture: string, changes = {}) => nPlusOne.detect(draw(picture, changes))

describe('n-plus-one speaks', () => {
  test('of the same statement five times with other parameters, and says where', () => {
    const [one, ...others] = found(`
      GET /users   =================   server
        users       =                  select id from users
        address       == == == == ==   select street from addresses where user_id = $1 #* at=src/users.ts:27
    `)
    assert.equal(others.length, 0)
    assert.equal(one?.route, 'GET /users')
    assert.equal(one?.calls.length, 5)
    assert.equal(one?.distinct, 5)
    assert.equal(one?.order, 'sequential')
    assert.equal(one?.takenNs, 100e6)
    assert.deepEqual(one?.where, { file: 'src/users.ts', line: 27 })
  })

  test('and in which order, though an SDK rounds their starts to whole milliseconds', () => {
    const loop = spansOf(`
      GET /users   =========   server
        address     = = = = = =     select street from addresses where user_id = $1 #*
    `)
    // Each begins 1.6 ms after the one before, and takes 1.5 ms.
    const rounded = loop.map((span, i) =>
      i === 0
        ? span
        : {
            ...span,
            startNs: loop[0]!.startNs + BigInt(Math.floor(i * 1.6)) * 1_000_000n,
            durationNs: 1_500_000,
          },
    )
    assert.equal(nPlusOne.detect(assemble(rounded))[0]?.order, 'sequential')
    const together = rounded.map((span, i) =>
      i === 0 ? span : { ...span, startNs: loop[0]!.startNs + BigInt(i >> 1) * 2_000_000n },
    )
    assert.equal(nPlusOne.detect(assemble(together))[0]?.order, 'concurrent')
  })

  test('and in which order, where calls overlap by a small part of themselves', () => {
    const loop = spansOf(`
      GET /users   =========   server
        address     = = = = = =     select street from addresses where user_id = $1 #*
    `)
    const overlapping = (partNs: number) =>
      loop.map((span, i) =>
        i === 0
          ? span
          : {
              ...span,
              startNs: loop[0]!.startNs + BigInt(i * 1_000_123),
              durationNs: 1_000_123 + partNs,
            },
      )
    assert.equal(nPlusOne.detect(assemble(overlapping(50_000)))[0]?.order, 'sequential')
    assert.equal(nPlusOne.detect(assemble(overlapping(400_000)))[0]?.order, 'concurrent')
  })

  test('when the calls run at the same time', () => {
    const [one] = found(
      `
      GET /users   =======       server
        resolve    =======       internal
          a        ====          select street from addresses where user_id = $1 #1
          b        ====          select street from addresses where user_id = $1 #2
          c         ====         select street from addresses where user_id = $1 #3
          d         ====         select street from addresses where user_id = $1 #4
          e          ====        select street from addresses where user_id = $1 #5
    `,
    )
    assert.equal(one?.order, 'concurrent')
    assert.equal(one?.takenNs, 60e6)
  })

  test('with other statements, calls and waits in between; a wait among the calls is their cost too', () => {
    const [one] = found(`
      GET /users   =============================   server
        wait         =   =                         internal
        connect       =                            internal
        address        =  =   =   =   =            select street from addresses where user_id = $1 #*
        city                =   =   =              select name from cities where id = $1 #*
        POST /log                 =                client
    `)
    assert.equal(one?.calls.length, 5)
    assert.equal(one?.takenNs, 60e6)
  })

  test('when each call hangs below a span of its own', () => {
    const [one] = found(`
      GET /users   ===============   server
        resolve     == == == == ==   internal
          address   =  =  =  =  =    select street from addresses where user_id = $1 #*
    `)
    assert.equal(one?.calls.length, 5)
  })

  test('of foreign telemetry that tells no parameters, or has them in the text', () => {
    const [placeholders] = found(`
      GET /a   ===============   server
        q       = = = = =        select * from users where id = ?
    `)
    assert.equal(placeholders?.distinct, null)
    const [literals] = found(`
      GET /a   ===============   server
        q1      =                select * from users where id = 1
        q2        =              select * from users where id = 2
        q3          =            select * from users where id = 3
        q4            =          select * from users where id = 4
        q5              =        select * from users where id = 5
    `)
    assert.equal(literals?.distinct, 5)
    assert.equal(literals?.subject, 'select * from users where id = ?')
  })

  test('of writes one by one outside of a transaction', () => {
    const [one] = found(`
      POST /rows   ===============   server
        row         = = = = = =      insert into rows (a) values ($1) #* r=1
    `)
    assert.equal(one?.calls.length, 6)
  })

  test('of the latest ten of each user: a limit alone is no page', () => {
    assert.equal(
      found(`
      GET /feed   ===============   server
        events     = = = = = =      select * from events where user_id = $1 and at > $2 order by at limit 10 #* r=10
      `).length,
      1,
    )
  })

  test('of one value at a time through `in` or `any`: a batch of one is no batch', () => {
    for (const condition of ['id in ($1)', 'id = any($1)'])
      assert.equal(
        found(`
      GET /users   ==============   server
        users       = = = = = =     select * from users where ${condition} #* r=1
        `).length,
        1,
        condition,
      )
  })

  test('of lists of the few keys that each of several parents has', () => {
    assert.equal(
      found(`
      GET /posts   ==============   server
        comments    = = = = = =     select * from comments where id in ($1) #* r=3
      `).length,
      1,
    )
  })

  test('of more batches of values than anybody chooses', () => {
    const calls = '= '.repeat(51)
    assert.equal(
      found(`
      GET /users   ${'='.repeat(103)}   server
        users       ${calls}   select * from users where id = any($1) #* r=20
      `).length,
      1,
    )
  })

  test('of writes between two transactions that have nothing to do with them', () => {
    assert.equal(
      found(`
      POST /rows   ========================   server
        begin       =                         begin
        commit        =                       commit
        row             = = = = = =           insert into rows (a) values ($1) #* r=1
        begin                       =         begin
        commit                        =       commit
      `).length,
      1,
    )
  })

  test('when the span above each call has a name with its number', () => {
    const users = Array.from(
      { length: 5 },
      (_, i) => `
        load user ${i}      ${'    '.repeat(i)}===   internal
          address${i}       ${'    '.repeat(i)}==    select street from addresses where user_id = $1 #${i}`,
    )
    const [one] = found(`
      GET /users       ====================   server${users.join('')}
    `)
    assert.equal(one?.calls.length, 5)
  })

  test('in the service where the loop is, once for each request', () => {
    const all = found(
      `
      GET /page       ==================   server
        call           ================    client
          GET /part    ===============     server
            q           = = = = = =        select * from parts where id = $1 #*
    `,
      { 'GET /part': { service: 'parts' } },
    )
    assert.deepEqual(
      all.map(one => [one.service, one.route]),
      [['parts', 'GET /part']],
    )
  })
})

describe('n-plus-one is silent', () => {
  const silent: readonly (readonly [string, string])[] = [
    [
      'about four calls',
      `
      GET /users   ============   server
        address     = = = =       select street from addresses where user_id = $1 #*
      `,
    ],
    [
      'about the same parameters again and again: that is a repeated statement',
      `
      GET /users   ==============   server
        address     = = = = = =     select street from addresses where user_id = $1 #a
      `,
    ],
    [
      'about writes in one transaction',
      `
      POST /rows   ====================   server
        begin       =                     begin
        row           = = = = = =         insert into rows (a) values ($1) #* r=1
        commit                    =       commit
      `,
    ],
    [
      'about writes of many rows each',
      `
      POST /rows   ====================   server
        row           = = = = = =         insert into rows (a) values ($1) #* r=100
      `,
    ],
    [
      'about batches of values by any',
      `
      GET /users   ==============   server
        users       = = = = = =     select * from users where id = any($1) #*
      `,
    ],
    [
      'about batches of values by in',
      `
      GET /users   ==============   server
        users       = = = = = =     select * from users where id in ($1, $2, $3) #*
      `,
    ],
    [
      'about batches of some ten rows each',
      `
      GET /users   ==============   server
        users       = = = = = =     select * from users where id in ($1) #* r=12
      `,
    ],
    [
      'about an export that reads page after page by offset',
      `
      GET /export   ==============   server
        page         = = = = = =     select * from orders order by id limit $1 offset $2 #* r=50
      `,
    ],
    [
      'about an export that reads on behind the last key',
      `
      GET /export   ==============   server
        page         = = = = = =     select * from orders where shop = $1 and id > $2 order by id limit 50 #* r=50
      `,
    ],
    [
      'about a few big chunks',
      `
      GET /export   ==============   server
        chunk        = = = = = =     select * from orders where day = $1 #* r=800
      `,
    ],
    [
      'about transaction control and settings',
      `
      GET /a   =======================   server
        set     = = = = = =              set local app.user = $1 #*
      `,
    ],
    [
      'about statements outside of a request',
      `
      tick    ==============   internal
        job    = = = = = =     select * from jobs where id = $1 #*
      `,
    ],
    [
      'about five different statements',
      `
      GET /a   ===============   server
        q1      =                select * from a where id = $1 #*
        q2        =              select * from b where id = $1 #*
        q3          =            select * from c where id = $1 #*
        q4            =          select * from d where id = $1 #*
        q5              =        select * from e where id = $1 #*
      `,
    ],
  ]
  for (const [title, picture] of silent) test(title, () => assert.deepEqual(found(picture), []))
})
