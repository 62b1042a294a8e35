import { startPostgres, type Postgres } from '@hotpath/test/postgres'
import { Client } from 'pg'

/** A private PostgreSQL with the table that the 20-query route reads. */
export async function benchDatabase(): Promise<Postgres> {
  const postgres = await startPostgres()
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query('create table item (id int primary key, name text not null)')
  await client.query("insert into item select i, 'item ' || i from generate_series(1, 1000) i")
  await client.end()
  return postgres
}
