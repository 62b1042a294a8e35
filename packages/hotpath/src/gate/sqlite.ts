import { templateOf } from '../sql/template.js'
import type { Attributes } from '../trace/attributes.js'
import { caught, contained } from '../trace/counts.js'
import { onBuiltin } from '../trace/module-load.js'
import { recorder } from '../trace/recorder.js'
import { openStatement } from './open-statement.js'
import { replace } from './replace.js'
import type { Database, StatementSpan } from './statement-span.js'

interface StatementSync {
  readonly sourceSQL?: unknown
}

/** A file's name may be anything, a user's name too: it stays here. */
const database: Database = { system: 'sqlite', isAny: true, attributes: (): Attributes => ({}) }

/**
 * The statements of node:sqlite, which runs them at once: `exec` of a database, and what runs a prepared
 * statement. Of `iterate` the span is that of the call; the rows come later, as the app asks for them.
 */
export function gateSqlite(): void {
  onBuiltin('sqlite', exports => {
    const { DatabaseSync, StatementSync } = exports as Record<string, { prototype: object }>
    if (DatabaseSync !== undefined)
      replace(
        DatabaseSync.prototype,
        'exec',
        original =>
          function exec(sql) {
            return run(sql, undefined, () => original.apply(this, arguments as never), undefined)
          },
      )
    if (StatementSync === undefined) return
    for (const [name, rowsOf] of Object.entries(ROWS))
      replace(
        StatementSync.prototype,
        name,
        original =>
          function (this: unknown, ...args) {
            const text = (this as StatementSync).sourceSQL
            return run(text, args, () => original.apply(this, args), rowsOf)
          },
      )
  })
}

/** How many rows each of the ways gives. */
const ROWS: Record<string, (result: unknown) => number> = {
  all: result => (Array.isArray(result) ? result.length : -1),
  get: result => (result === undefined ? 0 : 1),
  run: () => 0,
  iterate: () => -1,
}

function run(
  text: unknown,
  values: readonly unknown[] | undefined,
  call: () => unknown,
  rowsOf: ((result: unknown) => number) | undefined,
): unknown {
  const span = recorder.enabled && typeof text === 'string' ? begin(text, values) : undefined
  if (span === undefined) return call()
  let result: unknown
  try {
    result = call()
  } catch (error) {
    contained('gate.sqlite', () => span.fail(error))
    throw error
  }
  contained('gate.sqlite', () => span.succeed(rowsOf?.(result) ?? -1))
  return result
}

function begin(text: string, values: readonly unknown[] | undefined): StatementSpan | undefined {
  try {
    return openStatement(templateOf(text), database, values, undefined)
  } catch {
    caught('gate.sqlite')
    return undefined
  }
}
