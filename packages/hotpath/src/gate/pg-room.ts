import { askRoom, PG_ROOM } from '../pool/room.js'
import { recorder } from '../trace/recorder.js'
import { poolName } from './pg-pool-state.js'
import type { PgClient, PgPool } from './pg-types.js'

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

/** Nobody's statement: it is neither traced nor looked at by the stages. A subclass may answer with a promise. */
function unseen(call: () => unknown): void {
  const { enabled } = recorder
  recorder.enabled = false
  try {
    const result = call()
    if (result instanceof Promise) result.catch(() => {})
  } finally {
    recorder.enabled = enabled
  }
}
