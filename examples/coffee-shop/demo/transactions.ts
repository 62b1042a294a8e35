import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

/**
 * Transactions that the database has counted, once that does not change any more: outside of one, a statement
 * is one.
 *
 * @param others Transactions of a look's time that are not waited for: of connections that say they are there.
 */
export async function transactions(databaseUrl: string, others = 0): Promise<number> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const count = async () => {
      const { rows } = await client.query<{ n: string }>(
        'select xact_commit as n from pg_stat_database where datname = current_database()',
      )
      return Number(rows[0]?.n)
    }
    let before = await count()
    for (let same = 0; same < 4; ) {
      await delay(300)
      const now = await count()
      // Of its own looks each is one more.
      same = now - before <= 2 + others ? same + 1 : 0
      before = now
    }
    return before
  } finally {
    await client.end()
  }
}
