import { bytes } from '../diagnose/figures.js'
import { idFor } from '../diagnose/findings.js'
import type { Finding, Fix } from '../model.js'
import type { Advice, Drop } from './advice.js'

/**
 * Indexes that only cost, as findings: of a table, not of a route, and of the database in place of a service. They
 * take no time of any request that could be measured, so they stand behind what does.
 */
export function dropFindings({ database, drop }: Advice): Finding[] {
  // What another one is to be made for is told with that.
  return drop.filter(({ after }) => after === undefined).map(one => findingOf(one, database))
}

function findingOf(one: Drop, database: string): Finding {
  const kind =
    one.reason === 'unused' || one.reason === 'invalid' ? 'unused-index' : 'redundant-index'
  const route = `table ${one.table}`
  return {
    id: idFor(kind, database, route, one.name),
    kind,
    service: database,
    route,
    about: 'index',
    subject: `${one.name} ${one.definition}`,
    title: titleOf(one),
    evidence: {
      requests: 0,
      of: 0,
      sentences: [
        one.why,
        `It takes ${one.bytes === null ? '' : `${bytes(one.bytes)} of disk, and `}its part of the work of each write to ${one.table} that touches it.`,
      ],
      traces: [],
      calls: 0,
    },
    cost: { msPerRequest: 0, share: 0, totalMs: 0, counted: null },
    fixes: fixesOf(one),
    status: 'open',
  }
}

function titleOf({ reason, name }: Drop): string {
  if (reason === 'invalid') return `Invalid index: ${name}`
  return reason === 'unused' ? `Unused index: ${name}` : `Redundant index: ${name}`
}

function fixesOf({ reason, sql }: Drop): Fix[] {
  const name = /^DROP INDEX (?:CONCURRENTLY )?(.*)/.exec(sql)?.[1]
  const drop: Fix = {
    kind: 'sql',
    title: 'Drop it',
    note: sql.startsWith('ALTER TABLE')
      ? 'Reads and writes of the table go on meanwhile. hotpath index --migration writes it with its way back.'
      : "In no transaction, and in nobody's way: it waits for older transactions on the table. hotpath index --migration writes it with its way back.",
    text: `${sql};`,
  }
  if (reason !== 'unused' || name === undefined) return [drop]
  const look: Fix = {
    kind: 'sql',
    check: true,
    title: 'First see that what runs once a month or a year does not need it',
    text: `select idx_scan, pg_size_pretty(pg_relation_size(indexrelid)) from pg_stat_user_indexes where indexrelid = '${name.replaceAll("'", "''")}'::regclass;`,
  }
  return [drop, look]
}
