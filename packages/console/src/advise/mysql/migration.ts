import type { Advice } from '../advice.js'
import { type MigrationOptions, written } from '../migration.js'
import { online } from './creation.js'
import { quoted } from './text.js'

const notes = {
  plain:
    'MySQL and MariaDB commit before and after each ALTER TABLE: what ran stays when a later one fails.',
  prisma:
    'For prisma migrate: the file as it is. Name the indexes in schema.prisma too (@@index with map), or the next migration drops them.',
  drizzle:
    'For drizzle-kit: the file as it is. Name the indexes in the schema too, or the next migration drops them.',
}

/** The advice as a migration in MySQL's spelling: for knex, Prisma, drizzle, TypeORM, or plain SQL. */
export function migration(tool: string, advice: Advice, options: MigrationOptions = {}): string {
  const made = advice.create.filter(({ verified }) => verified !== 'none')
  return written(
    tool,
    {
      up: [...made.flatMap(({ sql }) => sql), ...advice.drop.map(({ sql }) => sql)],
      down: [
        ...advice.drop.map(remade),
        ...made.map(
          ({ name, sql }) =>
            `${tableIn(sql[0] ?? '')} DROP INDEX ${quoted(name)}, ${online('btree')}`,
        ),
      ],
    },
    notes,
    options,
  )
}

/** `ALTER TABLE name` of a statement of ours. */
const tableIn = (sql: string): string =>
  /^ALTER TABLE (?:`(?:[^`]|``)+`\.)?`(?:[^`]|``)+`/.exec(sql)?.[0] ?? ''

function remade({ name, sql, definition }: Advice['drop'][number]): string {
  const isWords = definition.startsWith('FULLTEXT ')
  const keys = definition.replace(/^FULLTEXT /, '')
  return `${tableIn(sql)} ADD ${isWords ? 'FULLTEXT ' : ''}INDEX ${quoted(name)} ${keys}, ${online(isWords ? 'fulltext' : 'btree')}`
}
