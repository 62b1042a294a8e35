import type { PgClient, Submittable } from './pg-types.js'

/** Without a promise or a wrapped callback of ours: the newest query of the client is the one. */
export function lastQueued(client: PgClient): Submittable | undefined {
  const waiting = isOld(client) ? client.queryQueue : client._queryQueue
  return waiting?.at(-1) ?? client._sentQueryQueue?.at(-1) ?? active(client)
}

/** What the server runs for this client now. */
export function active(client: PgClient): Submittable | undefined {
  return (isOld(client) ? client.activeQuery : client._activeQuery) ?? undefined
}

const isOld = (client: PgClient): boolean => client._queryQueue === undefined
