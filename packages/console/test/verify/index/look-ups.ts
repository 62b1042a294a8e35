import type { HistogramPoint, Span } from '../../../dist/model.js'
import type { Store } from '../../../dist/store/store.js'
import { spansOf } from '../../draw.js'

/** Twenty requests with a slow look-up each, a minute ago. */
export async function writeLookUps(
  store: Store,
  system: 'postgresql' | 'mysql',
  statement: string,
): Promise<void> {
  const atMs = Date.now() - 60_000
  const drawn = spansOf(
    `
  GET /things   ==========   server
    thing        ========    ${statement}  #*  r=1
`,
    { thing: { attributes: { 'db.system.name': system } } },
  )
  const spans = Array.from({ length: 20 }, (_, i) =>
    drawn.map(
      (span): Span => ({
        ...span,
        traceId: (BigInt(atMs) * 1_000n + BigInt(i)).toString(16).padStart(32, '0'),
        startNs: BigInt(atMs + i) * 1_000_000n + (span.startNs % 1_000_000_000n),
      }),
    ),
  ).flat()
  const counted = (metric: HistogramPoint['metric'], attributes: HistogramPoint['attributes']) => ({
    metric,
    service: spans[0]?.service ?? '',
    instance: spans[0]?.instance ?? '',
    startNs: BigInt(atMs) * 1_000_000n,
    endNs: BigInt(atMs + 1_000) * 1_000_000n,
    attributes,
    histogram: { count: 20, sum: 1.6, scale: 0, zeroCount: 0, offset: -4, buckets: [20] },
    sampled: false,
  })
  const histograms = [
    counted('http.server.request.duration', {
      'http.request.method': 'GET',
      'http.route': '/things',
    }),
    counted('db.client.operation.duration', {
      'db.system.name': system,
      'db.query.text': statement,
    }),
  ]
  await store.write({ spans, histograms, counters: [] })
}
