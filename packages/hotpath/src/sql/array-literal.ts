/**
 * The text of a PostgreSQL array of these values, each already in its text form:
 * `{"1",NULL,"O\"Brien"}`. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function arrayLiteral(values: readonly (string | null)[]): string {
  let out = '{'
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as string | null
    if (at > 0) out += ','
    out += value === null ? 'NULL' : element(value)
  }
  return `${out}}`
}

function element(value: string): string {
  // Most keys are numbers and uuids: nothing in them needs a second look.
  if (/^[\w-]+$/.test(value)) return `"${value}"`
  return `"${value.replace(/[\\"]/g, '\\$&')}"`
}
