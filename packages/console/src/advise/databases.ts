import type { Advice, Statement } from './advice.js'
import type { AdviseOptions } from './advise.js'
import type { Applied, ApplyOptions } from './apply.js'
import type { MigrationOptions } from './migration.js'
import type { Workload } from './workload.js'

/** What is done for a kind of database. Each kind's client and grammar are loaded by those alone who have one. */
export interface Kind {
  /** As spans name it, `db.system.name`; and where nobody said. */
  readonly systems: readonly string[]
  advise(options: AdviseOptions): Promise<Advice>
  costsNow(url: string, statements: readonly Statement[]): Promise<ReadonlyMap<string, number>>
  apply(url: string, advice: Advice, options: ApplyOptions): Promise<Applied[]>
  migration(tool: string, advice: Advice, options?: MigrationOptions): string
  /** What the server itself counted of statements. */
  fromServer(url: string): Promise<Workload | undefined>
  /** What it counts them by. */
  readonly counts: string
  /** How a file of its statements is split; absent: as PostgreSQL's. */
  piecesOfFile?(text: string): string[]
}

export async function kindOf(url: string): Promise<Kind> {
  return isMySql(url) ? await mysql() : await postgresql()
}

async function mysql(): Promise<Kind> {
  const [{ advise, costsNow }, { apply }, { migration }, { fromServer }, { piecesOfFile }] =
    await Promise.all([
      import('./mysql/advise.js'),
      import('./mysql/apply.js'),
      import('./mysql/migration.js'),
      import('./mysql/workload.js'),
      import('./mysql/text.js'),
    ])
  return {
    systems: ['mysql', 'mariadb', ''],
    counts: 'performance_schema',
    advise,
    costsNow,
    apply,
    migration,
    fromServer,
    piecesOfFile,
  }
}

async function postgresql(): Promise<Kind> {
  const [{ advise, costsNow }, { apply }, { migration }, { fromServer }] = await Promise.all([
    import('./advise.js'),
    import('./apply.js'),
    import('./migration.js'),
    import('./workload.js'),
  ])
  return {
    systems: ['postgresql', ''],
    counts: 'pg_stat_statements',
    advise,
    costsNow,
    apply,
    migration,
    fromServer,
  }
}

export const isMySql = (url: string): boolean => /^(?:mysql|mariadb):/i.test(url)
