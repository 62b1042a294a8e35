import { readFileSync } from 'node:fs'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'

/** A published form, as a JSON schema beside this file. */
export const formOf = (name: string): Readonly<Record<string, unknown>> => {
  const file = new URL(`../../../test/export/forms/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
}

/** Says all that is wrong with a document by a schema, a line each: `/services/0 must have ...`. */
export function checkerOf(
  schema: AnySchema,
  ...others: readonly AnySchema[]
): (document: unknown) => string[] {
  // Types are said where they matter, not beside each keyword.
  const ajv = new Ajv({ allErrors: true, $data: true, strictTypes: false })
  for (const other of others) ajv.addSchema(other)
  const check: ValidateFunction = ajv.compile(schema)
  return document => {
    if (check(document) === true) return []
    return (check.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
  }
}
