import { caught } from '../trace/counts.js'
import { pools } from './policy.js'
import { inRoot } from './root.js'

/** How many connections the server gives to this user in this database: pg. */
export const PG_ROOM = `select least(
    pg_catalog.current_setting('max_connections')::pg_catalog.int4
      - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4,
    nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) as room
  from pg_catalog.pg_roles r, pg_catalog.pg_database d
  where r.rolname = current_user and d.datname = pg_catalog.current_database()`

/** The same of MySQL and MariaDB. */
export const MYSQL_ROOM = `select case when @@max_user_connections > 0
    then least(@@max_user_connections, @@max_connections) else @@max_connections end as room`

/** A server that does not answer is asked by so many connections, and let alone then. */
const MOST_TRIES = 3
/** An app has a few databases; one for each tenant must not make us hold them all. */
const MOST_SERVERS = 64

interface Server {
  tries: number
  room: number | undefined
}
const servers = new Map<string, Server>()

/**
 * Asks once for each database what its server has room for; only where the config says something of pools,
 * since a statement of ours is no part of watching.
 *
 * @param name `host:port/database`.
 * @param ask Sends a statement and calls back with an error or the first row's `room`.
 */
export function askRoom(name: string, ask: (tell: (room: unknown) => void) => void): void {
  if (pools.policy === undefined) return
  const server = servers.get(name) ?? { tries: 0, room: undefined }
  if (server.room !== undefined || server.tries >= MOST_TRIES) return
  if (!servers.has(name) && servers.size >= MOST_SERVERS) return
  servers.set(name, server)
  server.tries++
  try {
    inRoot(ask, room => {
      const number = Number(room)
      if (number > 0) server.room = number
    })
  } catch {
    caught('pool.room')
  }
}

/** Of every database that answered: its name, and the connections that its server has. */
export function serverRooms(): [string, number][] {
  return [...servers].flatMap(([name, { room }]) => (room === undefined ? [] : [[name, room]]))
}
