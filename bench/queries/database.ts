import { type Postgres, startPostgres } from '@hotpath/test/postgres'
import { Client } from 'pg'

const SCHEMA = `
  create table users as select n as id, 'user ' || n as name from generate_series(1, 1000) n;
  create table addresses as
    select n as id, n as user_id, 'city ' || n as city, 'street ' || n as street
    from generate_series(1, 1000) n;
  create table orders as
    select n as id, (n - 1) / 5 + 1 as user_id from generate_series(1, 5000) n;
  create table lines as
    select n as id, (n - 1) / 3 + 1 as order_id, 'line ' || n as name from generate_series(1, 15000) n;
  create table items as select n as id from generate_series(1, 1000) n;
  alter table users add primary key (id);
  alter table addresses add primary key (id);
  alter table orders add primary key (id);
  alter table lines add primary key (id);
  alter table items add primary key (id);
  create index on addresses (user_id);
  create index on orders (user_id);
  create index on lines (order_id);
  analyze`

/** A private PostgreSQL with 1,000 users, their addresses, orders and lines. */
export async function queriesDatabase(): Promise<Postgres> {
  const postgres = await startPostgres()
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(SCHEMA)
  await client.end()
  return postgres
}
