import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { DatabaseMessage } from './database-process.js'

/** A database for the shop. Who opened it stops it. */
export interface Database {
  readonly url: string
  /** Where it is, for people. */
  readonly label: string
  stop(): Promise<void>
}

/**
 * The database that `DATABASE_URL` names, or a private one made for this run.
 * Throws an error that says what to do when there is neither.
 */
export async function openDatabase(): Promise<Database> {
  const given = process.env.DATABASE_URL
  if (given) return { url: given, label: 'the database of DATABASE_URL', stop: async () => {} }

  const keeper = fork(new URL('./database-process.js', import.meta.url), {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  })
  const ended = once(keeper, 'exit')
  const told = await Promise.race([
    once(keeper, 'message').then(([message]) => message as DatabaseMessage),
    ended.then((): DatabaseMessage => ({ failure: 'it ended before it was ready' })),
  ])
  if ('failure' in told) {
    await ended
    throw new Error(
      `no PostgreSQL could be started: ${told.failure}\n` +
        'Give the shop a database of your own (it makes a schema "coffee_shop" in it):\n' +
        '  DATABASE_URL=postgres://user:password@host:5432/database npm start',
    )
  }
  return {
    url: told.url,
    label: 'an embedded PostgreSQL',
    stop: async () => {
      if (keeper.connected) keeper.disconnect()
      await ended
    },
  }
}
