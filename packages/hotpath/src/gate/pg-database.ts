import type { Attributes } from '../trace/attributes.js'
import type { PgClient } from './pg-types.js'
import type { Database } from './statement-span.js'

/** Where a client keeps its own; a property costs less than a WeakMap. Not enumerable: apps log clients, and copy them. */
const DATABASE = Symbol('hotpath.database')
type Known = PgClient & { readonly [DATABASE]?: PgDatabase }

/** Where the statements of a client go. */
export function databaseOf(client: PgClient): PgDatabase {
  const known = (client as Known)[DATABASE]
  // A copy has it as well, where somebody copies what cannot be seen.
  if (known?.client === client) return known
  const database = new PgDatabase(client)
  Object.defineProperty(client, DATABASE, { value: database, configurable: true })
  return database
}

export class PgDatabase implements Database {
  readonly system = 'postgresql'

  constructor(readonly client: PgClient) {}

  attributes(): Attributes {
    const { host, port, database } = this.client.connectionParameters ?? {}
    const attributes: Attributes = {}
    if (typeof database === 'string') attributes['db.namespace'] = database
    if (typeof host !== 'string') return attributes
    // A Unix socket: its name, without the machine's folder.
    if (host.includes('/')) attributes['server.address'] = `.s.PGSQL.${String(port)}`
    else attributes['server.address'] = host
    if (!host.includes('/') && typeof port === 'number') attributes['server.port'] = port
    return attributes
  }
}
