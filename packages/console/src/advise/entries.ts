import type { Statement } from './advice.js'
import { candidatesOf } from './candidates.js'
import type { Catalog } from './catalog.js'
import type { Weighed } from './choose.js'
import { dearestOf } from './dearest.js'
import { isCutOff, withParameters } from './placeholders.js'
import { readStatement } from './reading.js'
import type { Remarks } from './remarks.js'
import { reasonFor, type Session, sqlState } from './session.js'
import { type Parsed, parseOne } from './tree.js'
import type { WhatIf } from './what-if.js'

/** A statement that PostgreSQL's grammar reads. */
export interface Read extends Pick<Statement, 'text' | 'calls' | 'ms' | 'p50Ms' | 'routes'> {
  readonly parsed: Parsed
  /** As it came. */
  readonly shown: string
}

/** With what it costs, and the indexes that could serve it. */
export interface Entry extends Weighed {
  readonly shown: string
  readonly ms: number | undefined
  readonly p50Ms: number | undefined
  readonly routes: Statement['routes']
}

/** The dearest statements that can be advised on; the others are remarked. */
export function read(statements: readonly Statement[], remarks: Remarks): Read[] {
  return dearestOf(statements, remarks).flatMap(statement => {
    if (isCutOff(statement.text)) {
      remarks.skip(statement.text, 'it was cut off where it was recorded')
      return []
    }
    const text = withParameters(statement.text.trim().replace(/[;\s]+$/, ''))
    const parsed = parseOne(text)
    if (typeof parsed !== 'string')
      return [{ ...statement, text, parsed, shown: statement.text.trim() }]
    // BEGIN, SET and the like are no news.
    if (parsed !== 'it is no SELECT, INSERT, UPDATE or DELETE') remarks.skip(statement.text, parsed)
    return []
  })
}

export interface Asked {
  readonly catalog: Catalog
  readonly whatIf: WhatIf
  readonly sessions: readonly Session[]
  readonly isOver: () => boolean
  readonly remarks: Remarks
}

/** Each statement with its plan as the database is; throws when the database is gone. */
export async function entriesOf(statements: readonly Read[], asked: Asked): Promise<Entry[]> {
  const { catalog, whatIf, remarks } = asked
  const entries: Entry[] = []
  for (const { text, shown, parsed, calls, ms, p50Ms, routes } of statements) {
    if (asked.isOver()) {
      remarks.skip(shown, 'there was no time for it (--patience gives more)')
      continue
    }
    const reading = readStatement(parsed, catalog)
    try {
      const statement = await whatIf.prepare(text, parsed, reading)
      const before = await whatIf.outcome(statement, [])
      if (!Number.isFinite(before.cost)) throw whatIf.lastError
      const candidates = candidatesOf(reading)
      entries.push({ statement, shown, ms, p50Ms, routes, calls, before, candidates })
    } catch (error) {
      if (asked.sessions.some(({ isLost }) => isLost)) throw error
      if (/^(?:57|08)/.test(sqlState(error)) && sqlState(error) !== '57014') throw error
      remarks.skip(shown, reasonFor(error))
    }
  }
  return entries
}
