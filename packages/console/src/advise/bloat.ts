import type { Rebuild } from './advice.js'
import { shortName, tableName } from './candidate.js'
import type { Catalog, Index, Table } from './catalog.js'
import { quoted } from './names.js'
import type { Session } from './session.js'

const settings = {
  /** A tree that grew by random keys takes 1.3 times what a new one does, and no harm is in that. */
  times: 2,
  /** What is smaller is in memory, however empty its pages are. */
  bytes: 10_000_000,
  /** pgstatindex reads the whole index: of larger ones the estimate must do. */
  measuredBytes: 1_000_000_000,
} as const

/** Heads of a page, of an entry with its pointer, and of the nulls of one. */
const heads = { page: 40, entry: 12, nulls: 8 } as const

/**
 * Widths are averages of what is there, and a page holds what fits: an upper bound of what a new index would take,
 * since equal keys are kept once (from 13 on) and wide ones compressed, so an index is called bloated too seldom.
 * Widths of expressions are in the statistics of the index itself.
 */
const shapeSql = `
select i.indexrelid::int8 as oid, c.reltuples::float8 as entries, c.relpages::float8 as pages,
  current_setting('block_size')::float8 as block,
  coalesce((select option_value::float8 from pg_catalog.pg_options_to_table(c.reloptions) where option_name = 'fillfactor'), 90)
    as fill,
  coalesce(w.width, 0)::float8 as width, coalesce(w.unknown, 1)::int as unknown, coalesce(w.nulls, 0)::float8 as nulls
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_class t on t.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join lateral (
  select count(*) filter (where s.avg_width is null) as unknown, max(s.null_frac) as nulls,
    sum(ceil(s.avg_width / l.align::float8) * l.align) as width
  from pg_catalog.pg_attribute a
  cross join lateral (select case when a.attlen < 0 then 1 else case a.attalign when 'd' then 8 when 'i' then 4 when 's' then 2 else 1 end end as align) l
  left join pg_catalog.pg_attribute o on o.attrelid = i.indrelid and o.attnum = i.indkey[a.attnum - 1] and o.attnum > 0
  left join pg_catalog.pg_stats s on s.schemaname = n.nspname and not s.inherited
    and s.tablename = case when o.attname is null then c.relname else t.relname end
    and s.attname = coalesce(o.attname, a.attname)
  where a.attrelid = i.indexrelid and a.attnum > 0
) w on true
where i.indexrelid = any($1::oid[])`

interface Shape {
  readonly oid: number
  readonly entries: number
  readonly pages: number
  readonly block: number
  /** Per cent of a page that a new index fills. */
  readonly fill: number
  readonly width: number
  readonly nulls: number
  /** Columns without statistics. */
  readonly unknown: number
}

/** Indexes that take more than twice what new ones would, the largest gain first. Asks within a transaction. */
export async function bloatedOf(session: Session, catalog: Catalog): Promise<Rebuild[]> {
  const large = new Map(
    catalog.tables.flatMap(table =>
      table.indexes.filter(mayBloat).map(index => [index.oid, { table, index }] as const),
    ),
  )
  if (large.size === 0 || catalog.isStandby) return []
  const schema = await measuring(session)
  const found: Rebuild[] = []
  for (const row of await session.rows(shapeSql, [[...large.keys()]])) {
    const shape = row as unknown as Shape
    const { table, index } = large.get(Number(shape.oid)) ?? {}
    if (table === undefined || index === undefined) continue
    const guessed = expectedBytes(shape)
    if (guessed === undefined || !isBloated(index.bytes, guessed)) continue
    const measured =
      schema === undefined || index.bytes > settings.measuredBytes
        ? undefined
        : await measuredBytes(session, schema, index, shape)
    if (isBloated(index.bytes, measured ?? guessed))
      found.push(rebuildOf(table, index, measured ?? guessed, measured !== undefined))
  }
  return found.sort((a, b) => b.bytes - b.expected - (a.bytes - a.expected))
}

const mayBloat = ({ method, isValid, isBeingBuilt, isExclusion, bytes }: Index): boolean =>
  method === 'btree' && isValid && !isBeingBuilt && !isExclusion && bytes > settings.bytes

const isBloated = (bytes: number, expected: number): boolean => bytes > settings.times * expected

/** What a new index of these entries would take; undefined where the statistics do not say. */
function expectedBytes({ entries, block, fill, width, nulls, unknown }: Shape): number | undefined {
  // 0 is also what was never counted, or a queue that is empty for the moment and will fill its pages again.
  if (!(entries > 0) || unknown > 0) return undefined
  const entry = Math.ceil((heads.entry - 4 + (nulls > 0 ? heads.nulls : 0) + width) / 8) * 8 + 4
  const aPage = Math.max(1, Math.floor(((block - heads.page) * fill) / 100 / entry))
  const leaves = Math.ceil(entries / aPage)
  // The pages above them, and the first.
  return (leaves + Math.ceil(leaves / 50) + 1) * block
}

/** The schema of pgstattuple, which reads what is there; undefined without it. */
async function measuring(session: Session): Promise<string | undefined> {
  const [row] = await session.rows(
    `select n.nspname::text as schema from pg_catalog.pg_extension e
     join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pgstattuple'`,
  )
  return row === undefined ? undefined : quoted(String(row['schema']))
}

/** By how full its pages are; undefined where this user may not ask, or it takes too long. */
async function measuredBytes(
  session: Session,
  schema: string,
  index: Index,
  { block, fill }: Shape,
): Promise<number | undefined> {
  try {
    const [row] = await session.savepoint(() =>
      session.rows(
        `select leaf_pages::float8 as leaves, avg_leaf_density::float8 as density, internal_pages::float8 as internal
         from ${schema}.pgstatindex($1::oid::regclass)`,
        [index.oid],
      ),
    )
    const {
      leaves = Number.NaN,
      density = Number.NaN,
      internal = 0,
    } = row as Record<string, number>
    const full = Math.ceil((leaves * density) / fill)
    return Number.isFinite(full) ? (full + internal + 1) * block : undefined
  } catch (error) {
    if (session.isLost) throw error
    return undefined
  }
}

function rebuildOf(table: Table, index: Index, expected: number, isMeasured: boolean): Rebuild {
  const times = (index.bytes / expected).toFixed(1)
  return {
    name: index.name,
    table: shortName(table),
    definition: index.definition.replace(/^.*? USING /, ''),
    why: `It takes ${times} times what a new one would, ${isMeasured ? 'by how full its pages are (pgstattuple)' : 'by the rows and their widths in the statistics'}. Its empty pages are used again as the table grows; where it does not, they are only read.`,
    sql: `REINDEX INDEX CONCURRENTLY ${tableName(index)}`,
    bytes: index.bytes,
    expected,
    measured: isMeasured ? 'pgstattuple' : 'estimate',
  }
}
