import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Finding } from '../../dist/model.js'
import { draw } from '../draw.js'
import { findingsIn } from './kinds.js'

/** A list of users, then each one's addresses, as an ORM writes them. */
function loop(list: string, single: string, orm?: string): Finding {
  const attributes = orm === undefined ? {} : { 'hotpath.orm': orm }
  const traces = [0, 1, 2].map(() =>
    draw(
      `
      GET /users   ==================   server
        list        =                   ${list} r=5
        single        == == == == ==    ${single} #*
      `,
      { single: { attributes } },
    ),
  )
  const [finding] = findingsIn(traces)
  assert.equal(finding?.kind, 'n-plus-one')
  return finding
}

const users = 'select "id", "name" from "users"'
const addresses = 'select "street" from "addresses" where "user_id" = $1'
const code = (finding: Finding): string | undefined =>
  finding.fixes.find(({ kind, snippet }) => kind === 'code' && snippet)?.text

describe('the fix of a loop speaks the language of the ORM', () => {
  const seen: readonly (readonly [string, string])[] = [
    ['prisma', 'const rows = await prisma.users.findMany({ include: { addresses: true } })'],
    [
      'typeorm',
      'const rows = await repository.find({ relations: { addresses: true } })   // of users',
    ],
    ['sequelize', 'const rows = await Users.findAll({ include: Addresses })'],
    ['drizzle', 'const rows = await db.query.users.findMany({ with: { addresses: true } })'],
    ['knex', "const rows = await knex('addresses').whereIn('user_id', keys)"],
  ]
  for (const [orm, text] of seen)
    test(`that was on the stack: ${orm}`, () =>
      assert.equal(code(loop(users, addresses, orm)), text))

  test('that the statement shows: Prisma, TypeORM, Sequelize', () => {
    assert.equal(
      code(
        loop(
          'SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1',
          'SELECT "public"."Address"."id" FROM "public"."Address" WHERE ("public"."Address"."userId" = $1 AND 1=1)',
        ),
      ),
      'const rows = await prisma.user.findMany({ include: { address: true } })',
    )
    assert.equal(
      code(
        loop(
          'SELECT "User"."id" AS "User_id" FROM "users" "User"',
          'SELECT "Address"."id" AS "Address_id" FROM "addresses" "Address" WHERE (("Address"."user_id" = $1))',
        ),
      ),
      'const rows = await repository.find({ relations: { addresses: true } })   // of users',
    )
    assert.equal(
      code(
        loop(
          'SELECT "id" FROM "users" AS "User"',
          'SELECT "id" FROM "addresses" AS "Address" WHERE "Address"."user_id" = 7',
        ),
      ),
      'const rows = await Users.findAll({ include: Addresses })',
    )
  })

  test('without a list that has rows enough for the loop, by its keys alone', () => {
    const few = loop('select "id" from "shops"', addresses, 'drizzle')
    assert.match(code(few) ?? '', /db\.query\.shops/)
    const traces = [0, 1, 2].map(() =>
      draw(
        `
      GET /users   ==================   server
        user        =                   select * from sessions where id = $1 #a r=1
        single        == == == == ==    ${addresses} #*
        `,
        { single: { attributes: { 'hotpath.orm': 'drizzle' } } },
      ),
    )
    assert.equal(
      code(findingsIn(traces)[0] as Finding),
      'const rows = await db.select().from(addresses).where(inArray(addresses.user_id, keys))',
    )
  })
})

describe('no ORM is named', () => {
  test('where neither stack nor statement shows one, or one whose way is not known', () => {
    assert.equal(
      code(loop('select id from users', 'select street from addresses where user_id = $1')),
      undefined,
    )
    assert.equal(code(loop(users, addresses)), undefined)
    assert.equal(code(loop(users, addresses, 'kysely')), undefined)
  })
})
