import type { Advice } from './advice.js'
import { quoted } from './names.js'

interface Steps {
  readonly up: readonly string[]
  readonly down: readonly string[]
}

export interface MigrationOptions {
  /** Of TypeORM's: by this they are ordered, and one of the same name never runs again. */
  readonly nowMs?: number
  /** A `.js` of the project is an ES module. */
  readonly isModule?: boolean
}

/**
 * The advice as a migration: for knex, Prisma, drizzle, TypeORM, or plain SQL. None of them may wrap it in a
 * transaction, since PostgreSQL makes no index CONCURRENTLY in one; each is told so as it takes it.
 */
export function migration(tool: string, advice: Advice, options: MigrationOptions = {}): string {
  return written(tool, stepsOf(advice), notes, options)
}

/** Steps as the tool takes them, each outside of a transaction. */
export function written(
  tool: string,
  steps: Steps,
  notes: { readonly plain: string; readonly prisma: string; readonly drizzle: string },
  { nowMs = Date.now(), isModule = false }: MigrationOptions,
): string {
  if (steps.up.length === 0) return '-- Nothing to make and nothing to drop.\n'
  if (tool === 'knex') return knex(steps, isModule)
  if (tool === 'typeorm') return typeorm(steps, nowMs)
  if (tool === 'prisma') return sql(steps, notes.prisma)
  if (tool === 'drizzle') return sql(steps, notes.drizzle, '--> statement-breakpoint\n')
  return sql(steps, notes.plain)
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
  `${quoted(name)} ON ${table} USING ${definition}`

const head = 'Index advice of Hotpath (docs/index-advice.md).'
const notes = {
  plain: 'Run statement by statement, outside of a transaction: psql -f FILE does so.',
  prisma:
    'For prisma migrate: a file with one statement is not wrapped in a transaction, so make a migration of each.',
  drizzle:
    'For drizzle-kit: its migrator runs all in one transaction; run this with psql, or drop CONCURRENTLY for small tables.',
}

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

function knex({ up, down }: Steps, isModule: boolean): string {
  // Knex takes a bare one for a place of a value; jsonb has an operator of that name.
  const escaped = (statements: readonly string[]) =>
    statements.map(one => one.replaceAll('?', '\\?'))
  const exported = (name: string, is: string): string =>
    isModule ? `export ${is}` : `exports.${name} = ${is.replace(/^const \w+ = /, '')}`
  const step = (name: string, statements: readonly string[]): string =>
    `${exported(name, `async function ${name}(knex)`)} {\n${raw(escaped(statements), 'knex.raw')}}\n`
  return `// ${head}
${exported('config', 'const config = { transaction: false }')}

${step('up', up)}
${step('down', down)}`
}

function typeorm({ up, down }: Steps, nowMs: number): string {
  const indented = (text: string): string => text.replaceAll(/^/gm, '  ').trimEnd()
  return `// ${head}
// Run with \`typeorm migration:run --transaction each\` (or none): with all of them in one, TypeORM refuses it.
import type { MigrationInterface, QueryRunner } from ${JSON.stringify('typeorm')}

export class IndexAdvice${nowMs} implements MigrationInterface {
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
