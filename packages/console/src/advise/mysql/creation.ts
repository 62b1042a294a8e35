import type { Creation, Verified } from '../advice.js'
import type { Candidate } from '../candidate.js'
import { type ServedBy, servedOf, whyOf } from '../creation.js'
import { indexName } from '../names.js'
import type { Write } from '../writes.js'
import { readableName, quoted } from './text.js'
import { writePercent, writePrice } from './writes.js'

/** Behind `ADD INDEX name`: columns, quoted, with their prefixes and directions. */
export function keySql({ keys, include }: Pick<Candidate, 'keys' | 'include'>): string {
  const parts = keys.map(({ term, isDescending }) => {
    const [, prefix = ''] = /(\(\d+\))$/.exec(term.sql) ?? []
    const sql =
      term.column !== undefined
        ? `${quoted(term.column)}${prefix}`
        : term.sql.startsWith('(')
          ? term.sql
          : term.columns.map(quoted).join(', ')
    return `${sql}${isDescending ? ' DESC' : ''}`
  })
  return [...parts, ...include.map(quoted)].join(', ')
}

/** `app.orders`, or `orders` where that is found without. */
export const shortName = ({ isVisible, schema, name }: Candidate['table']): string =>
  isVisible ? readableName(name) : `${readableName(schema)}.${readableName(name)}`

export const tableSql = ({
  isVisible,
  schema,
  name,
}: Pick<Candidate['table'], 'isVisible' | 'schema' | 'name'>): string =>
  isVisible ? quoted(name) : `${quoted(schema)}.${quoted(name)}`

/** Writes go on while it is made; of a FULLTEXT index no server can let them. */
export const online = (method: string): string =>
  `ALGORITHM=INPLACE, LOCK=${method === 'fulltext' ? 'SHARED' : 'NONE'}`

/** An index as it is told: what to run, what it brings and what it costs. */
export function creationOf(
  index: Candidate,
  facts: {
    readonly verified: Verified
    readonly bytes: number
    readonly saved: number
    readonly reached: number | null
    readonly served: readonly ServedBy[]
    readonly writes: readonly Write[]
    readonly taken: Set<string>
  },
): Creation {
  const { table, method } = index
  const own = (name: string): string => `${table.schema}.${table.name}.${name}`.toLowerCase()
  const name = indexName(
    table.name,
    [...index.keys.flatMap(({ term }) => term.columns), ...index.include],
    method === 'fulltext' ? 'fulltext' : 'idx',
    one => facts.taken.has(own(one)),
  )
  facts.taken.add(own(name))
  const written = facts.writes.filter(write => write.table.oid === table.oid)
  const kind = method === 'fulltext' ? 'FULLTEXT INDEX' : 'INDEX'
  return {
    name,
    table: shortName(table),
    definition: index.tail,
    method,
    sql: [
      `ALTER TABLE ${tableSql(table)} ADD ${kind} ${quoted(name)} (${keySql(index)}), ${online(method)}`,
    ],
    verified: facts.verified,
    why:
      facts.verified === 'none'
        ? 'Not tried: this is an estimate by the number of values of its columns. Name a copy of the database to hotpath index with --copy, and it is made there and tried.'
        : whyOf(index, facts.served),
    bytes: facts.bytes,
    saved: facts.saved,
    reached: facts.reached,
    write: {
      percent: writePercent(index),
      rows: written.reduce((sum, { rows, calls }) => sum + rows * calls, 0),
      cost: writePrice(index, written),
    },
    serves: facts.served.map(one => servedOf(one, name => name)),
  }
}
