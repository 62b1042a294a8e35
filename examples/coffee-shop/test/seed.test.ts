import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { type Database, openDatabase } from '../demo/database.js'
import { seedDatabase } from '../demo/seed.js'

const folder = fileURLToPath(new URL('../../', import.meta.url))

let database: Database
let client: Client
before(async () => {
  database = await openDatabase()
  client = new Client(database.url)
  await client.connect()
})
after(async () => {
  await client.end()
  await database.stop()
})

/** A sum over all rows of every table of the shop, and how many there are. */
async function contents(): Promise<Record<string, string>> {
  const { rows: tables } = await client.query<{ table_name: string }>(
    "select table_name from information_schema.tables where table_schema = 'coffee_shop' order by 1",
  )
  const sums: Record<string, string> = {}
  for (const { table_name } of tables) {
    const { rows } = await client.query<{ sum: string }>(
      `select count(*) || ' rows, ' || coalesce(sum(hashtext(t::text)), 0) as sum
         from coffee_shop.${table_name} t`,
    )
    sums[table_name] = rows[0]?.sum ?? ''
  }
  return sums
}

test('the seed gives the same rows each time and touches nothing outside its schema', async () => {
  await client.query('create table public.users (id int); insert into public.users values (1)')

  await seedDatabase(folder, database.url)
  const first = await contents()
  assert.match(first.users ?? '', /^1000 rows/)
  assert.match(first.addresses ?? '', /^1000 rows/)
  assert.match(first.subscribers ?? '', /^200000 rows/)

  await client.query("insert into coffee_shop.deliveries (supplier) values ('somebody')")
  await seedDatabase(folder, database.url)
  assert.deepEqual(await contents(), first)

  const { rows } = await client.query('select id from public.users')
  assert.deepEqual(rows, [{ id: 1 }])
  const schemas = await client.query<{ schema_name: string }>(
    `select schema_name from information_schema.schemata
      where schema_name !~ '^pg_' and schema_name <> 'information_schema' order by 1`,
  )
  assert.deepEqual(
    schemas.rows.map(row => row.schema_name),
    ['coffee_shop', 'public'],
  )
})

test('no index helps the look-up by e-mail', async () => {
  const { rows } = await client.query<{ indexdef: string }>(
    "select indexdef from pg_indexes where schemaname = 'coffee_shop' and tablename = 'subscribers'",
  )
  assert.equal(rows.length, 1)
  assert.match(rows[0]?.indexdef ?? '', /\(id\)/)
})
