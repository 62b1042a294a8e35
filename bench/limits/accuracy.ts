import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** One request, as the script answered it: when, on the server's clock, and whether it was let through. */
export interface Asked {
  readonly nowUs: number
  readonly allowed: boolean
  /** The time at which all is paid back, after it. */
  readonly untilUs: number
}

/** What the callers are told. */
export interface Orders {
  readonly url: string
  readonly perSecond: number
  readonly burst: number
  readonly calls: number
  readonly seed: number
}

export interface Accuracy {
  readonly asked: number
  readonly allowed: number
  /** Requests that were let through where the model has no room: none. */
  readonly overshoot: number
  /** Requests that were refused where the model has room. */
  readonly undershoot: number
}

const PROCESSES = 4

/**
 * Four processes ask for one client at random, and all that the script answered is replayed by a model of its
 * own, in whole quarters of microseconds: GCRA by its definition.
 */
export async function measureAccuracy(url: string, calls: number, seed: number): Promise<Accuracy> {
  const [perSecond, burst] = [1_500, 40]
  const program = fileURLToPath(new URL('caller.js', import.meta.url))
  const all = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, n) => {
      const child = fork(program, { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } })
      const orders: Orders = { url, perSecond, burst, calls, seed: seed + n + 1 }
      child.send(orders)
      const [asked] = (await once(child, 'message')) as [readonly Asked[]]
      child.disconnect()
      await once(child, 'exit')
      return asked
    }),
  )
  // Of one microsecond in the order in which the server had them: what was spent grows.
  const asked = all.flat().toSorted((a, b) => a.nowUs - b.nowUs || a.untilUs - b.untilUs)
  const intervalQ = BigInt(Math.ceil(4e6 / perSecond))
  const capacityQ = intervalQ * BigInt(burst)
  let untilQ = 0n
  let [overshoot, undershoot] = [0, 0]
  for (const { nowUs, allowed } of asked) {
    const nowQ = BigInt(nowUs) * 4n
    const afterQ = (untilQ > nowQ ? untilQ : nowQ) + intervalQ
    const hasRoom = afterQ - nowQ <= capacityQ
    if (hasRoom) untilQ = afterQ
    if (allowed && !hasRoom) overshoot++
    if (!allowed && hasRoom) undershoot++
  }
  const through = asked.filter(({ allowed }) => allowed).length
  return { asked: asked.length, allowed: through, overshoot, undershoot }
}
