/** The channel of NOTIFY on which the triggers tell. */
export const OUTSIDE_CHANNEL = 'hotpath_writes'

/** What `invalidation: { listen }` needs of a client of pg: one of its own, not yet connected. */
export interface ListeningClient {
  connect(): Promise<unknown>
  query(text: string): Promise<{ readonly rows: readonly unknown[] }>
  on(event: 'notification' | 'error' | 'end', listener: (message: never) => void): unknown
  end(): Promise<void>
  /** Its connection then does not keep the process alive. */
  unref?(): void
}

/**
 * SQL that makes these tables tell of every write, whoever makes it: psql, another service, another
 * driver. One NOTIFY for each statement; PostgreSQL delivers it when the transaction is committed.
 *
 *     outsideTriggers(['menu', 'shop.prices'])
 */
export function outsideTriggers(tables: readonly string[]): string {
  const names = tables.map(table => table.split('.').map(quoted).join('.'))
  return `-- Tells Hotpath of writes to these tables. Run it as their owner, in their database.
create or replace function public.hotpath_tell() returns trigger language plpgsql as $$
begin
  perform pg_catalog.pg_notify('${OUTSIDE_CHANNEL}', tg_table_schema || '.' || tg_table_name);
  return null;
end $$;
${names
  .map(
    name => `drop trigger if exists hotpath_tell on ${name};
create trigger hotpath_tell after insert or update or delete or truncate on ${name}
  for each statement execute function public.hotpath_tell();`,
  )
  .join('\n')}
`
}

/** As a person would write it, where that means the same. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
