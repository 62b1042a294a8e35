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
  create table items as select n as id, 0 as sold from generate_series(1, 1000) n;
  alter table users add primary key (id);
  alter table addresses add primary key (id);
  alter table orders add primary key (id);
  alter table lines add primary key (id);
  alter table items add primary key (id);
  create index on addresses (user_id);
  create index on orders (user_id);
  create index on lines (order_id);
  create role app login password 'app';
  grant select on all tables in schema public to app;
  create table access (n int, line text);
  insert into access values
    (1, 'host all app 127.0.0.1/32 scram-sha-256'), (2, 'host all all 127.0.0.1/32 trust');
  analyze`

/** The same database for a user with a password, over SCRAM-SHA-256 as PostgreSQL has it by default. */
export function withPassword(url: string): string {
  return url.replace('postgres@', 'app:app@')
}

/** A private PostgreSQL with 1,000 users, their addresses, orders and lines. */
export async function queriesDatabase(): Promise<Postgres> {
  const postgres = await startPostgres()
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(SCHEMA)
  const { rows } = await client.query<{ hba_file: string }>('show hba_file')
  await client.query(`copy (select line from access order by n) to '${rows[0]?.hba_file}'`)
  await client.query('select pg_reload_conf()')
  await client.end()
  return postgres
}
