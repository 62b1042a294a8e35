import type { Advice } from './advice.js'

interface Steps {
  readonly up: readonly string[]
  readonly down: readonly string[]
}

/**
 * The advice as a migration: for knex, Prisma, drizzle, TypeORM, or plain SQL. None of them may wrap it in a
 * transaction, since PostgreSQL makes no index CONCURRENTLY in one; each is told so as it takes it.
 */
export function migration(tool: string, advice: Advice): string {
  const steps = stepsOf(advice)
  if (steps.up.length === 0) return '-- Nothing to make and nothing to drop.\n'
  if (tool === 'knex') return knex(steps)
  if (tool === 'typeorm') return typeorm(steps)
  if (tool === 'prisma') return sql(steps, prismaNote)
  if (tool === 'drizzle') return sql(steps, drizzleNote, '--> statement-breakpoint\n')
  return sql(steps, plainNote)
}

function stepsOf({ create, drop }: Advice): Steps {
  const made = create.filter(({ verified }) => verified !== 'none')
  return {
    up: [...made.flatMap(({ sql }) => sql), ...drop.map(({ sql }) => sql)],
    down: [
      ...drop
        .filter(({ reason }) => reason !== 'invalid')
        .map(one => `CREATE INDEX CONCURRENTLY ${remade(one)}`),
      ...made.map(({ sql }) => droppedBy(sql)),
    ],
  }
}

/** The name of the first index that these statements make, dropped: its partitions' go with it. */
function droppedBy(sql: readonly string[]): string {
  const made = sql.find(one => one.startsWith('CREATE INDEX')) ?? ''
  const [, isPlain, name, schema] =
    /^CREATE INDEX (CONCURRENTLY )?("(?:[^"]|"")+"|\S+) ON (?:ONLY )?("(?:[^"]|"")+"|[^\s."]+)\./.exec(
      made,
    ) ?? []
  return `DROP INDEX ${isPlain === undefined ? '' : 'CONCURRENTLY '}IF EXISTS ${schema}.${name}`
}

const remade = ({ name, table, definition }: Advice['drop'][number]): string =>
  `${/^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`} ON ${table} USING ${definition}`

const head = 'Index advice of Hotpath (docs/index-advice.md).'
const plainNote = 'Run statement by statement, outside of a transaction: psql -f FILE does so.'
const prismaNote =
  'For prisma migrate: a file with one statement is not wrapped in a transaction, so make a migration of each.'
const drizzleNote =
  'For drizzle-kit: its migrator runs all in one transaction; run this with psql, or drop CONCURRENTLY for small tables.'

function sql({ up, down }: Steps, note: string, between = ''): string {
  return [
    `-- ${head}\n-- ${note}\n\n`,
    up.map(one => `${one};\n`).join(between),
    '\n-- Back:\n',
    ...down.map(one => `-- ${one};\n`),
  ].join('')
}

const raw = (statements: readonly string[], call: string): string =>
  statements.map(one => `  await ${call}(${JSON.stringify(one)})\n`).join('')

function knex({ up, down }: Steps): string {
  return `// ${head}
export const config = { transaction: false }

export async function up(knex) {
${raw(up, 'knex.raw')}}

export async function down(knex) {
${raw(down, 'knex.raw')}}
`
}

function typeorm({ up, down }: Steps): string {
  const indented = (text: string): string => text.replaceAll(/^/gm, '  ').trimEnd()
  return `// ${head}
import type { MigrationInterface, QueryRunner } from ${JSON.stringify('typeorm')}

export class IndexAdvice1700000000000 implements MigrationInterface {
  transaction = false

  async up(queryRunner: QueryRunner): Promise<void> {
${indented(raw(up, 'queryRunner.query'))}
  }

  async down(queryRunner: QueryRunner): Promise<void> {
${indented(raw(down, 'queryRunner.query'))}
  }
}
`
}
