import assert from 'node:assert/strict'
import pg from 'pg'
import { inRequest } from '../verify/batch.js'

export const TENANTS = ['ta', 'tb', 'tc']

/** A schema for each tenant, and functions of the app: two that set the search path, one that does not. */
export const SCHEMA = `${TENANTS.map(
  name => `create schema ${name}; create table ${name}.items (id int primary key, v text);
    insert into ${name}.items values (1, '${name}');`,
).join('\n')}
  create function public.use_tenant(t text) returns void language plpgsql as
    $$ begin perform set_config('search_path', t, false); end $$;
  create function public.enter(t text) returns void language plpgsql as
    $$ begin perform public.use_tenant(t); end $$;
  create table public.numbers (n int); insert into public.numbers values (0);
  create function public.next_number() returns int language plpgsql as
    $$ declare r int; begin update public.numbers set n = n + 1 returning n into r; return r; end $$;`

/** Requests of all tenants over the same connections: each must get its own rows. */
export async function serveTenants(url: string, enter: string, max: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max })
  const request = (tenant: string) =>
    inRequest('/items', async () => {
      const client = await pool.connect()
      try {
        await client.query(`select public.${enter}($1)`, [tenant])
        const { rows } = await client.query('select v from items where id = $1', [1])
        assert.deepEqual(rows, [{ v: tenant }])
      } finally {
        client.release()
      }
    })
  // One connection learns what the others then find known.
  for (const tenant of [...TENANTS, ...TENANTS]) await request(tenant)
  for (let round = 0; round < 12; round++) await Promise.all([...TENANTS, ...TENANTS].map(request))
  await pool.end()
}
