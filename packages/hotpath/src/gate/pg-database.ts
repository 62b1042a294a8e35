import type { Attributes } from '../trace/attributes.js'
import type { PgClient } from './pg-types.js'
import type { Database } from './statement-span.js'

const databases = new WeakMap<PgClient, PgDatabase>()

/** Where the statements of a client go. */
export function databaseOf(client: PgClient): PgDatabase {
  let database = databases.get(client)
  if (database === undefined) {
    database = new PgDatabase(client)
    databases.set(client, database)
  }
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
