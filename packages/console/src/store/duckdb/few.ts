import type { DuckDBConnection, DuckDBListValue, DuckDBValue } from '@duckdb/node-api'
import { LIST, listValue, VARCHAR } from './api.js'
import type { Attributes, MetricName } from '../../model.js'
import { onlyCounted, type Uncounted } from './counted.js'
import { columns } from './database.js'
import type { MergedRow } from './merged.js'
import { ofService } from './window.js'

/** To take so many takes as long as to merge them in SQL. */
const mostPoints = 4_000

/** The rows of a table that end in (from, to]. */
export interface Stretch {
  readonly from: bigint
  readonly to: bigint
}

/** Which points are asked for. */
export interface Asked {
  readonly metrics: readonly MetricName[]
  readonly service: string | null
  readonly uncounted: Uncounted
}

/**
 * The points of some stretches as they are, by series; undefined when they are many. The minutes before and
 * after what is known of a window hold a thousand: they are read in 2 ms, and merged in SQL in 8.
 */
export async function readFew(
  connection: DuckDBConnection,
  { metrics, service, uncounted }: Asked,
  stretches: readonly Stretch[],
): Promise<(readonly [series: number, row: MergedRow])[] | undefined> {
  const rows = stretches
    .filter(({ from, to }) => from < to)
    .map(({ from, to }) => `select * from points where end_ns > ${from} and end_ns <= ${to}`)
  if (rows.length === 0) return []
  const counted = onlyCounted(uncounted)
  const [id = [], metric, of, text, sampled, count, sum, zero, min, max, ...rest] = await columns(
    connection,
    `select s.id, s.metric, s.service, s.attributes, s.sampled, p.count, p.sum, p.zero_count, p.min,
       p.max, p.scale, p.first, p.buckets
     from (${rows.join(' union all ')}) p join series s on s.id = p.series
     where list_contains($metrics, s.metric) and ${ofService('s')} and ${counted.where}
     limit ${mostPoints + 1}`,
    { service, ...counted.values, metrics: listValue([...metrics]) },
    { ...counted.types, metrics: LIST(VARCHAR) },
  )
  if (id.length > mostPoints) return undefined
  const [scale, first, buckets] = rest
  const attributes = new Map<DuckDBValue, Attributes>()
  return id.map((series, i) => {
    const said = attributes.get(series) ?? (JSON.parse(String(text?.[i])) as Attributes)
    attributes.set(series, said)
    return [
      Number(series),
      {
        metric: String(metric?.[i]) as MetricName,
        service: String(of?.[i]),
        attributes: said,
        text: String(text?.[i]),
        sampled: sampled?.[i] === true,
        count: Number(count?.[i]),
        sum: Number(sum?.[i]),
        zeroCount: Number(zero?.[i]),
        min: typeof min?.[i] === 'number' ? min[i] : null,
        max: typeof max?.[i] === 'number' ? max[i] : null,
        scale: Number(scale?.[i]),
        ...filled(Number(first?.[i]), buckets?.[i]),
      },
    ]
  })
}

function filled(first: number, buckets: DuckDBValue | undefined) {
  const indexes: number[] = []
  const counts: number[] = []
  for (const [k, n] of ((buckets as DuckDBListValue | undefined)?.items ?? []).entries()) {
    if (!((n as number) > 0)) continue
    indexes.push(first + k)
    counts.push(n as number)
  }
  return { indexes, counts }
}
