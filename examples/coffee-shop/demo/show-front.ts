import { setTimeout as delay } from 'node:timers/promises'

/** What a purge may take, before this demo calls it a bug. */
const PURGED_WITHIN_MS = 5_000
const READY_WITHIN_MS = 15_000
/** Answers that Varnish gives by itself. */
const HITS = 100

/** The menu through Varnish. */
export interface ThroughFront {
  /** Of 100 requests through it those that the app did not see. */
  readonly hits: number
  /** From the API's acknowledgement of an order to the first menu through Varnish that has it. */
  readonly orderSeenMs: number
}

interface Dish {
  readonly id: number
  readonly sold: number
}

/** Orders by the API, and waits until the menu through Varnish has it. */
export async function throughFront(front: string, api: string): Promise<ThroughFront> {
  // The shop gives nothing to a Varnish that was not there yet when it was to be purged.
  const endMs = performance.now() + READY_WITHIN_MS
  while (!(await menu(front)).isHit && performance.now() < endMs) await delay(50)
  let hits = 0
  for (let n = 0; n < HITS; n++) if ((await menu(front)).isHit) hits++
  const [dish] = (await menu(front)).dishes
  if (dish === undefined) throw new Error('the menu is empty')
  const body = JSON.stringify({ user_id: 1, lines: [{ product_id: dish.id, quantity: 2 }] })
  const headers = { 'content-type': 'application/json' }
  const placed = await fetch(`${api}/orders`, { method: 'POST', headers, body })
  if (placed.status !== 201) throw new Error(`POST /orders answered ${placed.status}`)
  const startMs = performance.now()
  for (;;) {
    const now = (await menu(front)).dishes.find(({ id }) => id === dish.id)
    const passedMs = performance.now() - startMs
    if (now?.sold === dish.sold + 2) return { hits, orderSeenMs: passedMs }
    if (passedMs > PURGED_WITHIN_MS) throw new Error('Varnish has not been purged')
    await delay(1)
  }
}

async function menu(front: string): Promise<{ isHit: boolean; dishes: Dish[] }> {
  const response = await fetch(`${front}/menu`)
  const sections = (await response.json()) as Record<string, Dish[]>
  // Of a hit it names the request that brought the answer besides this one.
  const isHit = response.headers.get('x-varnish')?.includes(' ') === true
  return { isHit, dishes: Object.values(sections).flat() }
}
