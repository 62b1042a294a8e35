import { askRoom, PG_ROOM } from '../pool/room.js'
import { poolName } from './pg-pool-state.js'
import type { PgClient, PgPool } from './pg-types.js'
import { unseen } from './unseen.js'

/**
 * What the server has room for, over a connection of our own: on one of the app's, `query` may be the app's
 * wrapper, and who borrows it while we wait for the answer finds it busy.
 */
export function askServer(pool: PgPool): void {
  const { Client, options } = pool
  if (Client === undefined) return
  askRoom(poolName(pool), tell => {
    const client = new Client(options)
    client.on?.('error', () => {})
    unseen(() => client.connect?.(error => (error ? undefined : ask(client, tell))))
    client.unref?.()
  })
}

function ask(client: PgClient, tell: (room: unknown) => void): void {
  unseen(() =>
    client.query?.({ text: PG_ROOM, rowMode: 'array' }, (_, result) => {
      tell(result?.rows?.[0]?.[0])
      unseen(() => client.end?.(() => {}))
    }),
  )
}
