import type { Statement } from '../advice.js'
import { dearestOf } from '../dearest.js'
import type { Entry } from '../entries.js'
import { nodesOf } from '../plan.js'
import type { Remarks } from '../remarks.js'
import type { Parsed } from '../tree.js'
import type { Planned, Trial } from '../what-if.js'
import type { Write } from '../writes.js'
import { candidatesOf } from './candidates.js'
import { limitIn } from './clauses.js'
import type { MySqlCatalog } from './read-catalog.js'
import { type MySqlReading, readStatement } from './reading.js'
import { sample, sampleLists } from './samples.js'
import { reasonFor, type Session } from './session.js'
import type { Prepared } from './text.js'
import { isNoStatement, parseOne } from './tree.js'

/** A statement that the grammar reads. */
export type Read = Statement & { readonly parsed: Parsed & Prepared; readonly shown: string }

/** What plans are asked of, and what it says of itself. */
export type Asking = Trial & { readonly plans: number; readonly lastError: unknown }

/** The dearest statements that can be advised on; the others are remarked. */
export function read(statements: readonly Statement[], remarks: Remarks): Read[] {
  return dearestOf(statements, remarks).flatMap(statement => {
    const parsed = parseOne(statement.text)
    if (typeof parsed !== 'string') return [{ ...statement, parsed, shown: statement.text.trim() }]
    // BEGIN, SET and the like are no news.
    if (parsed !== isNoStatement) remarks.skip(statement.text, parsed)
    return []
  })
}

interface Asked {
  readonly catalog: MySqlCatalog
  readonly session: Session
  readonly trial: Asking
  readonly isOver: () => boolean
  readonly remarks: Remarks
}

/** Each statement with its plan as the database is. */
export async function entriesOf(statements: readonly Read[], asked: Asked): Promise<Entry[]> {
  const { catalog, trial, remarks } = asked
  const readings = statements.map(one => readStatement(one.parsed, catalog))
  await sample(asked.session, readings)
  const entries: Entry[] = []
  for (const [at, { parsed, shown, calls, ms, p50Ms, routes }] of statements.entries()) {
    if (asked.isOver()) {
      remarks.skip(shown, 'there was no time for it (--patience gives more)')
      continue
    }
    const reading = readings[at] as MySqlReading
    const statement = plannedOf(parsed, reading)
    const before = await trial.outcome(statement, [])
    if (Number.isFinite(before.cost)) {
      const candidates = candidatesOf(reading, catalog)
      entries.push({ statement, shown, ms, p50Ms, routes, calls, before, candidates })
    } else remarks.skip(shown, reasonFor(trial.lastError))
  }
  return entries
}

function plannedOf(parsed: Parsed & Prepared, reading: MySqlReading): Planned {
  return {
    text: parsed.text,
    parsed,
    reading,
    samples: sampleLists(reading, parsed.parameters),
    parameters: parsed.parameters,
    tables: new Set(reading.uses.map(({ table }) => table.oid)),
  }
}

/** Rows that a statement writes at each call, as its plan expects. */
export function writesOf({ statement, calls, before }: Entry): Write[] {
  const { write } = statement.reading
  if (write === undefined) return []
  const [first] = [...nodesOf(before.plan.root)].filter(one => one['Relation Name'] !== undefined)
  const found = write.kind === 'insert' ? 1 : (first?.['Plan Rows'] ?? 1) * (first?.kept ?? 1)
  const rows = Math.min(found, limitIn(statement.parsed.tree))
  return [{ ...write, calls, rows: Math.max(1, rows) }]
}
