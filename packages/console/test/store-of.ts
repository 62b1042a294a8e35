import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Attributes, HistogramPoint, MetricName, Span } from '../dist/model.js'
import { openStore } from '../dist/store/open.js'
import type { Batch, Store } from '../dist/store/store.js'
import { spansOf } from './draw.js'

/** Runs `use` with a directory that is gone afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'hotpath faces '))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs `use` with a real store that holds the batches. */
export async function withStore<T>(
  batches: readonly Partial<Batch>[],
  use: (store: Store, path: string) => Promise<T>,
): Promise<T> {
  return withDirectory(async directory => {
    const path = join(directory, 'store.duckdb')
    const store = await openStore({ path })
    try {
      for (const batch of batches)
        await store.write({ spans: [], histograms: [], counters: [], ...batch })
      return await use(store, path)
    } finally {
      await store.close()
    }
  })
}

/** Spans of a drawing as trace number `n`, beginning at `startMs` since 1970. */
export function traceOf(n: number, startMs: number, picture: string, changes = {}): Span[] {
  const spans = spansOf(picture, changes)
  const first = spans[0]?.startNs ?? 0n
  const traceId = n.toString(16).padStart(2, '0').repeat(16)
  return spans.map(span => ({
    ...span,
    traceId,
    startNs: BigInt(Math.round(startMs)) * 1_000_000n + (span.startNs - first),
  }))
}

/** A histogram point of values in milliseconds, at scale 4 as the recorder counts. */
export function pointOf(
  metric: MetricName,
  attributes: Attributes,
  ms: readonly number[],
  endMs: number,
  service = 'shop',
): HistogramPoint {
  const seconds = ms.map(value => value / 1e3)
  const indexes = seconds.map(value => Math.ceil(Math.log2(value) * 16) - 1)
  const offset = Math.min(...indexes)
  const buckets = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0)
  for (const index of indexes) buckets[index - offset] = (buckets[index - offset] ?? 0) + 1
  return {
    metric,
    service,
    instance: service,
    startNs: BigInt(endMs - 1_000) * 1_000_000n,
    endNs: BigInt(endMs) * 1_000_000n,
    attributes,
    histogram: {
      count: ms.length,
      sum: seconds.reduce((a, b) => a + b, 0),
      min: Math.min(...seconds),
      max: Math.max(...seconds),
      scale: 4,
      zeroCount: 0,
      offset,
      buckets,
    },
    sampled: false,
  }
}

export function times(n: number, ms: number): number[] {
  return Array.from({ length: n }, () => ms)
}
