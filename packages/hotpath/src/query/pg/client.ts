import type { Exchange, Wiring } from './exchange.js'
import type { PgQuery } from './answer.js'

/** What we need of pg's client, beyond what the gate needs. */
export interface Client {
  readonly connection?: Wiring & object
  readonly connectionParameters?: Readonly<Record<string, unknown>>
  readonly binary?: unknown
  readonly pipeline?: unknown
  readonly _types?: unknown
  /** What the server said last, since pg 8.16. */
  readonly _txStatus?: unknown
  _queryQueue?: (PgQuery | Exchange)[]
  queryQueue?: (PgQuery | Exchange)[]
  /** Pipelined: sent, and not yet worked on. */
  readonly _sentQueryQueue?: readonly unknown[]
  _activeQuery?: PgQuery | Exchange | null
  activeQuery?: PgQuery | Exchange | null
  readyForQuery?: unknown
  _pulseQueryQueue(): void
}

/** What waits in the client to be sent; pg before 8.17 has it without the underscore. */
export function queueOf(client: Client): (PgQuery | Exchange)[] {
  return client._queryQueue ?? client.queryQueue ?? []
}

/** Something waits behind what the client works on, here or on its way. */
export function hasMore(client: Client): boolean {
  return queueOf(client).length > 0 || (client._sentQueryQueue?.length ?? 0) > 0
}

/** What the client works on. */
export function activeOf(client: Client): PgQuery | Exchange | null | undefined {
  return client._queryQueue === undefined ? client.activeQuery : client._activeQuery
}

/** Puts ours in the place of the query that the client was about to send, and sends it. */
export function replaceActive(client: Client, exchange: Exchange): void {
  if (client._queryQueue === undefined) client.activeQuery = exchange
  else client._activeQuery = exchange
  exchange.submit(client.connection as Wiring)
}

/** Sends the query that the client works on, and of which nothing was sent yet. */
export function resend(client: Client, query: PgQuery): void {
  queueOf(client).unshift(query)
  if (client._queryQueue === undefined) client.activeQuery = null
  else client._activeQuery = null
  client.readyForQuery = true
  client._pulseQueryQueue()
}

/** Which server, which database, as whom, with which options: what two clients must share. */
export function databaseOf({ connectionParameters }: Client): string {
  const { host, port, database, user, options } = connectionParameters ?? {}
  return [host, port, database, user, options].map(String).join(' ')
}
