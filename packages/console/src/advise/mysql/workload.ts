import { ConsoleError } from '../../errors.js'
import type { Workload } from '../workload.js'
import { Session } from './session.js'

/**
 * What performance_schema counted of the statements in this database, the dearest first; undefined where it is off,
 * as MariaDB has it unless told otherwise, or may not be read.
 */
export async function fromServer(url: string): Promise<Workload | undefined> {
  const session = await Session.open(url)
  try {
    const [state] = await session.rows('select @@performance_schema as state')
    if (Number(state?.['state']) !== 1) return undefined
    const rows = await session.rows(
      `select digest_text as text, count_star as calls, sum_timer_wait / 1e9 as ms
       from performance_schema.events_statements_summary_by_digest
       where schema_name = database() and digest_text regexp '^[[:space:](]*(select|insert|update|delete|replace|with)'
       order by sum_timer_wait desc limit 500`,
    )
    return {
      source: 'performance_schema',
      statements: rows
        .filter(
          ({ text }) => !/information_schema|performance_schema|hotpath_try/i.test(String(text)),
        )
        .map(({ text, calls, ms }) => ({
          text: String(text),
          calls: Number(calls),
          ms: Number(ms),
          routes: [],
        })),
    }
  } catch (error) {
    if (error instanceof ConsoleError) throw error
    return undefined
  } finally {
    await session.close()
  }
}
