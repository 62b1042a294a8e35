import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { repeatedStatement } from '../../dist/diagnose/repeated-statement.js'
import { draw } from '../draw.js'

const found = (picture: string) => repeatedStatement.detect(draw(picture))

describe('repeated-statement speaks', () => {
  test('of a read that comes three times with the same parameters', () => {
    const [one] = found(`
      GET /receipt   ==============   server
        line          =               select * from lines where receipt = $1 #x
        tax             == == ==      select rate from taxes where region = $1 #a at=src/tax.ts:9
    `)
    assert.equal(one?.calls.length, 3)
    assert.equal(one?.distinct, 1)
    assert.deepEqual(one?.where, { file: 'src/tax.ts', line: 9 })
  })

  test('of two sets of parameters, each three times', () => {
    const [one] = found(`
      GET /receipt   ==============   server
        tax           = = = = = =     select rate from taxes where region = $1 #a,b
    `)
    assert.equal(one?.calls.length, 6)
    assert.equal(one?.distinct, 2)
  })

  test('of a statement without parameters, and of equal literals in foreign texts', () => {
    assert.equal(
      found(`
      GET /a   ==============   server
        q       = = =           select * from settings
      `).length,
      1,
    )
    assert.equal(
      found(`
      GET /a   ==============   server
        q       = = =           select * from settings where name = 'tax'
      `).length,
      1,
    )
  })
})

describe('repeated-statement is silent', () => {
  const silent: readonly (readonly [string, string])[] = [
    [
      'about reads of what the request wrote in between',
      `
      GET /a   ==================   server
        n       =   =   =   =       select n from stock where id = $1 #a
        take      =   =   =         update stock set n = n - 1 where id = $1 #a r=1
      `,
    ],
    [
      'about reads that lock: each takes another row',
      `
      GET /a   ================   server
        job     = = = = =         select id from jobs where done = $1 limit 1 for update skip locked #a
      `,
    ],
    [
      'about twice',
      `
      GET /a   ==========   server
        q       = =         select * from users where id = $1 #a
      `,
    ],
    [
      'about a loop with other parameters: that is n-plus-one',
      `
      GET /a   ================   server
        q       = = = = = = =     select * from users where id = $1 #1,2,3,4,5,1,1
      `,
    ],
    [
      'about a poll that waits for something to change',
      `
      GET /progress   ===========================================   server
        state          =           =           =           =        select state from orders where id = $1 #a
      `,
    ],
    [
      'about parameters that the telemetry does not tell',
      `
      GET /a   ============   server
        q       = = =         select * from users where id = ?
      `,
    ],
    [
      'about parameters that the recorder could not compare',
      `
      GET /a   ============   server
        q       = = =         select * from users where id = $1 #unknown
      `,
    ],
    [
      'about questions to the session, whose answers change',
      `
      GET /a   ============   server
        q       = = =         select nextval('orders_id')
      `,
    ],
    [
      'about writes',
      `
      GET /a   ============   server
        q       = = =         update counters set n = n + 1 where id = $1 #a
      `,
    ],
    [
      'about the same statement in three requests',
      `
      GET /a   ============   server
        q       =             select * from users where id = $1 #a
      GET /a   ============   server
        q       =             select * from users where id = $1 #a
      GET /a   ============   server
        q       =             select * from users where id = $1 #a
      `,
    ],
  ]
  for (const [title, picture] of silent) test(title, () => assert.deepEqual(found(picture), []))

  test('but not about a long gap in which the request was busy: it did not wait', () => {
    assert.equal(
      found(`
      GET /a   ===========================================   server
        q       =           =           =           =        select * from users where id = $1 #a
        call     ==========  ==========  ==========          client
      `).length,
      1,
    )
  })
})
