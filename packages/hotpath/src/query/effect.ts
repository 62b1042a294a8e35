import { KNOWN_CALLS } from '../sql/known-calls.js'
import { templateOf } from '../sql/template.js'

/** What a statement may do to the session or the catalog, as far as its words tell. */
export interface SessionEffect {
  /** It reads, as far as its first word tells. */
  readonly reads: boolean
  /** It may change the session, beyond its transaction. */
  readonly session: boolean
  /** It changes the transaction's settings. */
  readonly local: boolean
  /** It gives the session back as new. */
  readonly fresh: boolean
  /** It changes tables, types, functions, or may do so. */
  readonly ddl: boolean
  /** Functions that it calls and that are not PostgreSQL's commonest. */
  readonly calls: readonly string[]
  /** None of the above but `reads`: most statements. */
  readonly quiet: boolean
}

const READS = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE'])
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY', 'LOCK', 'NOTIFY', 'EXPLAIN'])
const QUIET = new Set(
  'BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE FETCH MOVE CLOSE SHOW ANALYZE VACUUM CHECKPOINT'.split(
    ' ',
  ),
)
const DDL = new Set(
  'CREATE ALTER DROP TRUNCATE REINDEX REFRESH COMMENT GRANT REVOKE SECURITY IMPORT CLUSTER REASSIGN'.split(
    ' ',
  ),
)

/** Reads the words of a statement, or of several in one text. Unknown words may do anything. */
export function effectOf(text: string): SessionEffect {
  const template = templateOf(text).text
  const effects = template
    .split(';')
    .filter(part => part.trim() !== '')
    .map(part => effectOfOne(part.trim(), text))
  const any = (test: (effect: Effect) => boolean) => effects.some(test)
  const effect: Effect = {
    reads: effects.length === 1 && any(one => one.reads),
    session: any(one => one.session),
    local: any(one => one.local),
    fresh: effects.length === 1 && any(one => one.fresh),
    ddl: any(one => one.ddl),
    calls: effects.flatMap(one => one.calls),
  }
  const { session, local, fresh, ddl, calls } = effect
  return { ...effect, quiet: !(session || local || fresh || ddl) && calls.length === 0 }
}

type Effect = Omit<SessionEffect, 'quiet'>

function effectOfOne(part: string, text: string): Effect {
  const [first = '', second = ''] = part.toUpperCase().split(/[^A-Z_]+/, 2)
  const none = { reads: false, session: false, local: false, fresh: false, ddl: false, calls: [] }
  const settings = /set_config/i.test(part)
  const local = settings && /set_config\s*\([^()]*,\s*(?:true|'t(?:rue)?')\s*\)/i.test(text)
  if (READS.has(first) || WRITES.has(first)) {
    const temporary = /\binto\s+(?:local\s+|global\s+)?(?:temp|temporary)\b/i.test(part)
    return {
      ...none,
      reads: READS.has(first),
      session: (settings && !local) || temporary,
      local,
      ddl: READS.has(first) && /\binto\b/i.test(part),
      calls: callsOf(part),
    }
  }
  if (QUIET.has(first)) return none
  if (first === 'SET') {
    // Isolation is asked for in each transaction.
    if (second === 'TRANSACTION') return none
    const local = second === 'LOCAL' || second === 'CONSTRAINTS'
    return { ...none, session: !local, local }
  }
  if (first === 'DISCARD') return { ...none, session: second !== 'ALL', fresh: second === 'ALL' }
  if (DDL.has(first)) {
    return { ...none, ddl: true, session: /\b(?:temp|temporary|pg_temp)\b/i.test(part) }
  }
  if (first === 'LISTEN' || first === 'UNLISTEN') return none
  if (first === 'DEALLOCATE' || first === 'RESET') return { ...none, session: true }
  // DO, CALL, EXECUTE, PREPARE, LOAD, and what we do not know.
  return { ...none, session: true, ddl: true }
}

function callsOf(part: string): string[] {
  const names = new Set<string>()
  for (const [, name = ''] of part.matchAll(/([A-Za-z_][\w$]*)"?\s*\(/g)) {
    const lower = name.toLowerCase()
    if (!KNOWN_CALLS.has(lower)) names.add(lower)
  }
  return [...names].slice(0, 50)
}
