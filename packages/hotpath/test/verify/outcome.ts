/** What came of one call, in a form that can be compared and printed. */
export interface Outcome {
  readonly text: string
}

interface ResultLike {
  readonly command: unknown
  readonly rowCount: unknown
  readonly oid: unknown
  readonly rows: readonly unknown[]
  readonly fields: readonly Record<string, unknown>[]
}

/** Rows with the types of their values, metadata of every column, command, count. */
export function outcomeOf(result: ResultLike): Outcome {
  const { command, rowCount, oid, rows, fields } = result
  const told = fields.map(field => [
    field.constructor.name,
    field['name'],
    field['tableID'],
    field['columnID'],
    field['dataTypeID'],
    field['dataTypeSize'],
    field['dataTypeModifier'],
    field['format'],
  ])
  return {
    text: JSON.stringify({
      command,
      rowCount,
      oid,
      rows: rows.map(typed),
      told,
      kind: result.constructor.name,
    }),
  }
}

/** SQLSTATE and where in the text: what a program can act on. */
export function failureOf(error: unknown): Outcome {
  const { code, message, severity, position } = error as Record<string, unknown>
  return { text: JSON.stringify({ code, message, severity, position }) }
}

/** The rows as a set: for statements that leave their order to the planner. */
export function unordered({ text }: Outcome): string {
  const parsed = JSON.parse(text) as { rows?: unknown[] }
  if (parsed.rows === undefined) return text
  const rows = parsed.rows.map(row => JSON.stringify(row)).sort()
  return JSON.stringify({ ...parsed, rows })
}

function typed(value: unknown): unknown {
  if (value === null || value === undefined) return value === null ? null : ['undefined']
  if (Buffer.isBuffer(value)) return ['buffer', value.toString('hex')]
  if (value instanceof Date) return ['date', value.getTime()]
  if (Array.isArray(value)) return ['array', value.map(typed)]
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, inner]) => [key, typed(inner)])
    return [
      Object.getPrototypeOf(value) === Object.prototype ? 'object' : value.constructor?.name,
      entries,
    ]
  }
  return [
    typeof value,
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  ]
}
