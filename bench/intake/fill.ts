import { openStore, type Store } from '@hotpath/console'
import { seeded } from '../statistics/shuffle.js'
import { pointsAt } from './points.js'
import { request } from './traffic.js'

/** Fills a store by its own way of writing, in order of time: ten hours for ten million spans. */
export interface Fill {
  readonly path: string
  readonly fromMs: number
  readonly untilMs: number
  readonly spans: number
  readonly seed: number
}

/** Spans of one write: about what a recorder's request holds. */
const spansPerWrite = 512
/** Writes under way at a time: the store's queue has bounds. */
const inFlight = 24
const pointsEveryMs = 10_000

process.on('message', (fill: Fill) => {
  run(fill).then(
    result => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function run(fill: Fill): Promise<{ readonly spans: number }> {
  const store = await openStore({ path: fill.path })
  try {
    return { spans: await write(store, fill) }
  } finally {
    await store.close()
  }
}

async function write(
  store: Store,
  { fromMs, untilMs, spans: wanted, seed }: Fill,
): Promise<number> {
  const random = seeded(seed)
  const writes = new Set<Promise<unknown>>()
  let written = 0
  let pointsMs = fromMs
  while (written < wanted) {
    const atMs = fromMs + ((untilMs - fromMs) * written) / wanted
    const spans = []
    while (spans.length < spansPerWrite) spans.push(...request('recorder', atMs, random))
    const histograms = []
    for (; pointsMs + pointsEveryMs <= atMs; pointsMs += pointsEveryMs)
      for (const instance of ['process-0', 'process-1'])
        histograms.push(...pointsAt(instance, pointsMs, pointsMs + pointsEveryMs))
    const work = store.write({ spans, histograms, counters: [] })
    writes.add(work)
    void work.finally(() => writes.delete(work))
    written += spans.length
    if (writes.size >= inFlight) await Promise.race(writes)
  }
  await Promise.all(writes)
  return written
}
