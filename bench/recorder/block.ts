import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadProcess } from '../load/process.js'
import type { AppProcess, Use } from './app-process.js'

/** What one block of load came to. */
export interface Measured {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly cpuUsPerRequest: number
}

export interface Route {
  readonly name: 'nodb' | 'q1' | 'q20'
  readonly path: string
  readonly statements: number
}

export const noDatabase: Route = { name: 'nodb', path: '/hello', statements: 0 }
export const oneQuery: Route = { name: 'q1', path: '/items/1', statements: 1 }
export const twentyQueries: Route = { name: 'q20', path: '/orders/1', statements: 20 }

/** As many connections as the pool is wide twice over: some requests wait for one, as they do. */
const connections = 20

/**
 * Drives one block and waits until the app is quiet again, so that what the worker sends late is
 * charged to the block that made it.
 */
export async function measureBlock(
  app: AppProcess,
  load: LoadProcess,
  route: Route,
  ms: number,
): Promise<Measured> {
  const before = await app.use()
  const driven = await load.run({
    kind: 'closed',
    port: app.port,
    path: route.path,
    connections,
    ms,
  })
  const after = await quiet(app)
  return {
    requests: driven.requests,
    requestsPerSecond: (driven.requests / driven.elapsedMs) * 1000,
    cpuUsPerRequest: (after.cpuUs - before.cpuUs) / driven.requests,
  }
}

/** Waits until the app uses under 4 % of a processor, at most two seconds. */
async function quiet(app: AppProcess): Promise<Use> {
  const stepMs = 50
  let last = await app.use()
  for (let waitedMs = 0; waitedMs < 2000; waitedMs += stepMs) {
    await sleep(stepMs)
    const now = await app.use()
    if (now.cpuUs - last.cpuUs < stepMs * 1000 * 0.04) return now
    last = now
  }
  return last
}
