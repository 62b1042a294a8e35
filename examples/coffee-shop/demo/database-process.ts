/**
 * Keeps one private PostgreSQL for the process that forked this one, and removes all of it when
 * that process leaves, however it ends. In a session of its own, so that a Ctrl-C in the terminal
 * does not stop the database before the shop.
 */
import { Cluster } from './cluster.js'

/** What the process that forked this one is told. */
export type DatabaseMessage = { readonly url: string } | { readonly failure: string }

function tell(message: DatabaseMessage): void {
  if (process.connected) process.send?.(message)
}

const over = new Promise<void>(resolve => {
  process.on('disconnect', resolve)
  process.on('SIGTERM', resolve)
})
// Else these would end the process before it has cleaned up.
process.on('SIGINT', () => {})
process.on('SIGHUP', () => {})

let cluster: Cluster | undefined
try {
  cluster = new Cluster()
  tell({ url: await cluster.start() })
  await over
} catch (error) {
  tell({ failure: error instanceof Error ? error.message : String(error) })
} finally {
  await cluster?.remove()
  if (process.connected) process.disconnect()
}
