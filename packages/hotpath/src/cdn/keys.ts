import { createHmac } from 'node:crypto'

/** Carried by every answer of ours: to purge it is to purge all that is of us, and nothing else. */
export const ALL = ':all'

/** 64 bits: two names that share a key are purged together, no more. */
const DIGITS = 16

/**
 * Names of tags as they may leave: in a key nobody reads the name of a table or a row. Equal in all
 * processes, since the names are (they hold the ids of cluster and database) and the secret is. In hex,
 * for Cloudflare and CloudFront do not tell upper case from lower.
 */
export class CdnKeys {
  constructor(private readonly secret: string) {}

  of(name: string): string {
    return createHmac('sha256', this.secret).update(name).digest('hex').slice(0, DIGITS)
  }
}

/** Bytes of a key with what separates it from the next. */
export const KEY_BYTES = DIGITS + 1

/**
 * The tags of an answer, at most so many. Where there are more, a table stands for its rows, then its
 * database for a table: a write touches all three (`query/invalidation/names.ts`), so what is said more
 * coarsely is purged more often, and never too seldom. Undefined: also these are too many, or are names of
 * the app, for which nothing can stand.
 */
export function coarsened(names: readonly string[], most: number): readonly string[] | undefined {
  if (names.length <= most) return names
  const known = new Set(names)
  const byTable = new Set(names.map(name => tableOf(name, known)))
  if (byTable.size <= most) return [...byTable]
  const databases = databasesOf(names)
  const byDatabase = new Set<string>()
  for (const name of byTable) {
    const database = databases.find(one => name === one || name.startsWith(`${one}:`))
    if (database === undefined) byDatabase.add(name)
    else byDatabase.add(database).add(`${database}:*`)
  }
  return byDatabase.size <= most ? [...byDatabase] : undefined
}

/**
 * `pg:1/5:shop.menu` of `pg:1/5:shop.menu#id=7`. Who notes a row notes `pg:1/5:shop.menu#` as well, which
 * tells a row from a table with such a name.
 */
function tableOf(name: string, known: ReadonlySet<string>): string {
  const [, table, rest = ''] = /^(pg:[^#]*)#(.*)$/s.exec(name) ?? []
  if (table === undefined || !known.has(`${table}#`)) return name
  return rest === '' || /^[^#=]+=/.test(rest) ? table : name
}

/** Of the tags of PostgreSQL those that begin all others: every read notes its database. */
function databasesOf(names: readonly string[]): string[] {
  const sorted = names.filter(name => name.startsWith('pg:')).sort((a, b) => a.length - b.length)
  const databases: string[] = []
  for (const name of sorted)
    if (!databases.some(one => name.startsWith(`${one}:`))) databases.push(name)
  return databases
}
