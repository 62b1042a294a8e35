import type { Fix, TraceSpan } from '../model.js'
import { callSite, statementOf } from './calls.js'
import type { Occurrence } from './occurrence.js'
import { type Reading, reading } from './reading.js'
import { spansUnder } from './request.js'
import { rowsOf } from './timing.js'

/** ORMs and query builders whose way to ask for all at once is known. */
export type Orm = 'prisma' | 'typeorm' | 'sequelize' | 'drizzle' | 'knex'

const known: readonly string[] = ['prisma', 'typeorm', 'sequelize', 'drizzle', 'knex']

/** What each writes into its statements, and nobody else does; drizzle and knex leave no such mark. */
const marks: readonly (readonly [Orm, RegExp])[] = [
  // SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1)
  ['prisma', /\bselect "(\w+)"\."(\w+)"\."\w+".*\sfrom "\1"\."\2"\swhere\s\(/i],
  // SELECT "User"."id" AS "User_id" FROM "users" "User"
  ['typeorm', /"(\w+)"\."(\w+)" as "\1_\2"/i],
  // SELECT "id" FROM "Addresses" AS "Address" WHERE "Address"."userId" = 7
  ['sequelize', /\bfrom "\w+" as "(\w+)" where \(?"\1"\."\w+"/i],
]

/** The ORM that the calls were made with: as the recorder saw it on the stack, else as the statement shows it. */
export function ormOf({ calls, subject }: Pick<Occurrence, 'calls' | 'subject'>): Orm | undefined {
  const told = calls.map(call => call.attributes['hotpath.orm']).find(name => name !== undefined)
  if (told !== undefined) return known.includes(String(told)) ? (told as Orm) : undefined
  return marks.find(([, mark]) => mark.test(subject))?.[0]
}

/** How a loop of reads is asked for at once in the language of the ORM that made it. */
export function ormFix(occurrence: Occurrence): Fix[] {
  const orm = ormOf(occurrence)
  const { table, equals } = occurrence.reading
  const [column] = equals
  if (orm === undefined || table === undefined || column === undefined) return []
  const names = {
    table: bare(table),
    column: bare(column),
    outer: bare(outerOf(occurrence)?.table ?? ''),
  }
  return [written[orm](names)]
}

interface Names {
  /** Of the statement in the loop. */
  readonly table: string
  readonly column: string
  /** Of the list that the loop runs over; '' when none is seen. */
  readonly outer: string
}

const relation =
  'Relations have the names of your models; those here are the tables of the statements. Without a relation between them, ask once for all keys.'

const written: Readonly<Record<Orm, (names: Names) => Fix>> = {
  prisma: ({ table, column, outer }) => ({
    kind: 'code',
    title: 'With Prisma: include the relation in the query before the loop',
    note: relation,
    text:
      outer === '' || outer === table
        ? `const rows = await prisma.${lower(table)}.findMany({ where: { ${column}: { in: keys } } })`
        : `const rows = await prisma.${lower(outer)}.findMany({ include: { ${lower(table)}: true } })`,
    snippet: true,
  }),
  typeorm: ({ table, column, outer }) => ({
    kind: 'code',
    title: 'With TypeORM: load the relation with the query before the loop',
    note: relation,
    text:
      outer === '' || outer === table
        ? `const rows = await repository.find({ where: { ${column}: In(keys) } })   // of ${table}`
        : `const rows = await repository.find({ relations: { ${table}: true } })   // of ${outer}`,
    snippet: true,
  }),
  sequelize: ({ table, column, outer }) => ({
    kind: 'code',
    title: 'With Sequelize: include the model in the query before the loop',
    note: relation,
    text:
      outer === '' || outer === table
        ? `const rows = await ${model(table)}.findAll({ where: { ${column}: keys } })`
        : `const rows = await ${model(outer)}.findAll({ include: ${model(table)} })`,
    snippet: true,
  }),
  drizzle: ({ table, column, outer }) => ({
    kind: 'code',
    title: 'With Drizzle: ask for the relation with the query before the loop',
    note: relation,
    text:
      outer === '' || outer === table
        ? `const rows = await db.select().from(${table}).where(inArray(${table}.${column}, keys))`
        : `const rows = await db.query.${outer}.findMany({ with: { ${table}: true } })`,
    snippet: true,
  }),
  knex: ({ table, column }) => ({
    kind: 'code',
    title: 'With Knex: one query for all keys of the loop',
    text: `const rows = await knex('${table}').whereIn('${column}', keys)`,
    snippet: true,
  }),
}

/** The list that the loop runs over: the read before it, with rows enough for its calls. */
export function outerOf({ request, calls, subject }: Occurrence): Reading | undefined {
  const [first] = calls
  const enough = calls.length / 2
  let latest: { readonly span: TraceSpan; readonly read: Reading } | undefined
  for (const span of spansUnder(request)) {
    const text = statementOf(span)
    if (text === undefined || !first || span.offsetNs >= first.offsetNs) continue
    const read = reading(text)
    const [rows] = rowsOf([span])
    if (read.operation !== 'select' || read.template === subject || read.table === undefined)
      continue
    if (rows === undefined ? callSite(span) === undefined : rows < enough) continue
    if (latest === undefined || span.offsetNs > latest.span.offsetNs) latest = { span, read }
  }
  return latest?.read
}

/** `"public"."User"` is `User`: the last part, without quotes. */
const bare = (name: string): string => (name.split('.').at(-1) ?? '').replaceAll(/["`[\]]/g, '')

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** `addresses` is the model `Addresses`: how it is called in the singular, only the code knows. */
const model = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
