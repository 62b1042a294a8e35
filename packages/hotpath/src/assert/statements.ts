import { appRoot } from '../config/load.js'
import type { Attributes } from '../trace/attributes.js'
import { CallSites } from '../trace/call-site-map.js'
import type { OpenSpan } from '../trace/span.js'

/** One statement that went to the database. */
export interface Statement {
  /** Its template: `select street from addresses where user_id = $1`. */
  readonly text: string
  /** Equal for equal parameters; undefined: they could not be compared. */
  readonly parameters: string | undefined
  /** Rows that came back or were written; -1: not known. */
  readonly rows: number
  /** `src/users.js:10`; on the first few of a place. */
  readonly where: string | undefined
  /** The same for statements of one connection; where that is not known, of one trace. */
  readonly session: object
}

/** The statements among spans, in their order; without those that a batch or a cache answered. */
export function statementsOf(spans: readonly OpenSpan[]): Statement[] {
  const sites = new CallSites(appRoot(process.cwd()))
  return spans.flatMap(span => {
    if (span.kind !== 'client') return []
    const attributes = span.describe()
    const text = attributes['db.query.text']
    if (typeof text !== 'string' || attributes['hotpath.batch'] === 'served') return []
    const rows = attributes['db.response.returned_rows']
    const { site } = span
    const place = site && sites.attributes(site)
    return [
      {
        text,
        parameters: parametersOf(attributes),
        rows: typeof rows === 'number' ? rows : -1,
        session: span.connection() ?? span.trace,
        where: place && `${place['code.file.path']}:${place['code.line.number']}`,
      },
    ]
  })
}

function parametersOf(attributes: Attributes): string | undefined {
  const hash = attributes['hotpath.params.hash']
  return hash === 'unknown' ? undefined : String(hash ?? '')
}
