import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { templateOf } from '../dist/sql/template.js'
import { type Postgres, startPostgres } from './postgres.js'

/**
 * The real parser as the judge: a template must still be a statement (with a parameter for each `?`),
 * and what the scanner takes for one literal PostgreSQL must take for one as well.
 */
describe('templates, judged by PostgreSQL', () => {
  let postgres: Postgres
  let client: pg.Client
  before(async () => {
    postgres = await startPostgres()
    client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query(`
      create table users (id int primary key, name text, tags text[], doc jsonb, active bool, made timestamptz);
      create table "Order" (id int, "user id" int, total numeric, note text)`)
  })
  after(async () => {
    await client?.end()
    await postgres?.stop()
  })

  const statements: readonly string[] = [
    "select * from users where name = 'Ann' and id in (1, 2, 3) limit 10 offset 5",
    "select id, doc->>'city', doc#>>'{a,b}', doc->-1 from users where doc @> '{\"a\":1}'::jsonb",
    "select * from users where tags && array['a', 'b'] and id = any(array[1,2]::int[]) and active = true",
    'select u.id, o.total from users u join "Order" o on o."user id" = u.id where o.total > -12.5e1',
    "select case when id > 5 then 'big' when id between 1 and 2 then 'small' else 'none' end from users",
    "insert into users (id, name, active) values (1, 'a', true), (2, 'b', null) on conflict (id) do update set name = excluded.name || 'x' returning id",
    "update users set name = 'it''s', tags = array['x'] where id = 7 and made < now() - '1 day'::interval",
    "delete from users where id not in (select id from \"Order\" where note like '%s%' escape '!')",
    "with recent as (select * from users where made > '2024-01-01'::timestamptz limit 5) select count(*) from recent",
    "select coalesce(name, E'no\\'ne'), $$it's$$, '7'::text, b'101'::text from users",
    "select * from users where (id, name) in ((1, 'a'), (2, 'b')) order by 1 desc nulls last",
    'select sum(total) filter (where total > 3) over (partition by id order by total rows between 1 preceding and current row) from "Order"',
    'select * from users, lateral (select * from "Order" where "user id" = users.id limit 3) x /* comment */ where x.id = 3 -- end',
    'select * from generate_series(1::int, 10) g where g is distinct from 3 and g % 2 = 1 and not false',
    "select * from users where name is not null and active is true and name ~* '^a' and name not ilike 'b%'",
  ]
  for (const statement of statements) {
    test(`${statement.slice(0, 70)} is still a statement`, async () => {
      await prepare(statement)
      await prepare(withParameters(templateOf(statement).text))
    })
  }

  /** Off was the default before PostgreSQL 9.1: then a backslash escapes in plain strings as well. */
  test('a string ends where PostgreSQL ends it, with standard_conforming_strings on or off', async () => {
    const seed = Date.now() % 1_000_000
    console.log(`# seed ${seed}`)
    const inside = fc.string({
      unit: fc.constantFrom(
        "'",
        "''",
        '\\',
        '\\\\',
        '$',
        '$$',
        '$a$',
        '"',
        '--',
        '/*',
        '*/',
        ' ',
        'x',
        '\n',
      ),
      maxLength: 8,
    })
    const open = fc.constantFrom(["'", "'"], ["E'", "'"], ['$$', '$$'], ['$a$', '$a$'])
    await fc.assert(
      fc.asyncProperty(
        inside,
        open,
        fc.constantFrom('on', 'off'),
        async (text, [start, end], standard) => {
          const statement = `select ${start}${text}${end} as found`
          const { text: template } = templateOf(statement)
          // In doubt the rest goes; else PostgreSQL has to agree that this was one literal.
          if (template !== 'select ? as found') return
          await client.query(`set standard_conforming_strings to ${standard}`)
          const result = await client.query(statement).catch(beside)
          if (result === undefined) return
          const { fields } = result
          assert.deepEqual(
            fields.map(({ name }) => name),
            ['found'],
          )
        },
      ),
      { numRuns: 1_000, seed },
    )
  })

  /** Parses and plans, without running it. */
  async function prepare(statement: string): Promise<void> {
    await client.query(`prepare judged as ${statement}`)
    await client.query('deallocate judged')
  }
})

/** Several literals side by side are one `?` for us, and a syntax error there: also `''` before `x''`. */
function beside(error: Error): undefined {
  if (!/^syntax error at or near "(?:\$|x?')/.test(error.message)) throw error
}

/** The templates above have no operator with a question mark. */
function withParameters(template: string): string {
  let n = 0
  return template.replaceAll('?', () => `$${++n}`)
}
