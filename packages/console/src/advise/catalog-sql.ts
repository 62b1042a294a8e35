/** The questions to PostgreSQL's catalog. All names are qualified: the search path is the user's. */

/**
 * Names to tables, as the session's search path has them: `$1` texts of names that are quoted already, `$2` their
 * schemas, '' for none. `to_regclass` throws for a schema that the user may not look into.
 */
export const resolveSql = `
select n.ord::int as ord, c.oid::int8 as oid
from unnest($1::text[], $2::text[]) with ordinality as n(name, schema, ord)
left join pg_catalog.pg_namespace s on s.nspname = n.schema
join pg_catalog.pg_class c on c.oid = case
  when n.schema = '' or pg_catalog.has_schema_privilege(s.oid, 'usage') then pg_catalog.to_regclass(n.name) end
where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'`

/** Names that an index cannot have: of the indexes of these schemas, whatever their tables. */
export const takenSql = `
select n.nspname as schema, c.relname as name
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1::text[]) and c.relname ~ '_idx[0-9]*$'`

export const tablesSql = `
with tree as (
  select c.oid as root, c.oid as leaf from pg_catalog.pg_class c where c.oid = any($1::oid[]) and c.relkind <> 'p'
  union all
  select c.oid, t.relid from pg_catalog.pg_class c cross join lateral pg_catalog.pg_partition_tree(c.oid) t
  where c.oid = any($1::oid[]) and c.relkind = 'p' and t.isleaf
)
select c.oid::int8 as oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.relispartition as "isPartition",
  pg_catalog.pg_table_is_visible(c.oid) as "isVisible",
  case when c.relkind = 'v' then pg_catalog.pg_get_viewdef(c.oid) end as query,
  s.rows::float8 as rows, s.pages::float8 as pages,
  coalesce(s.leaves, '[]') as leaves, coalesce(b.branches, '[]') as branches,
  s.inserts::float8 as inserts, s.updates::float8 as updates, s.hot::float8 as hot, s.deletes::float8 as deletes, s.vacuums::float8 as vacuums
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join lateral (
  select case when bool_or(l.reltuples >= 0) then sum(greatest(l.reltuples, 0)) else -1 end as rows, sum(l.relpages) as pages,
    json_agg(json_build_object('schema', ln.nspname, 'name', l.relname) order by l.relname)
      filter (where l.oid <> c.oid) as leaves,
    sum(u.n_tup_ins) as inserts, sum(u.n_tup_upd) as updates, sum(u.n_tup_hot_upd) as hot, sum(u.n_tup_del) as deletes,
    sum(u.vacuum_count + u.autovacuum_count) as vacuums
  from tree join pg_catalog.pg_class l on l.oid = tree.leaf
  join pg_catalog.pg_namespace ln on ln.oid = l.relnamespace
  left join pg_catalog.pg_stat_user_tables u on u.relid = l.oid
  where tree.root = c.oid
) s on true
left join lateral (
  select json_agg(json_build_object('schema', bn.nspname, 'name', b.relname, 'isLeaf', t.isleaf,
      'parent', json_build_object('schema', pn.nspname, 'name', p.relname)) order by t.level, b.relname) as branches
  from pg_catalog.pg_partition_tree(c.oid) t
  join pg_catalog.pg_class b on b.oid = t.relid join pg_catalog.pg_namespace bn on bn.oid = b.relnamespace
  join pg_catalog.pg_class p on p.oid = t.parentrelid join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
  where c.relkind = 'p' and t.level > 0
) b on true
where c.oid = any($1::oid[])`

export const columnsSql = `
select a.attrelid::int8 as oid, a.attname as name, a.attnum::int as number,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type, t.typcategory as category, a.attnotnull as "isNotNull",
  s.attname is not null as "hasStats", coalesce(s.avg_width, 8)::int as width,
  coalesce(s.n_distinct, 0)::float8 as distinct, coalesce(s.null_frac, 0)::float8 as nulls,
  coalesce(s.correlation, 0)::float8 as correlation,
  coalesce((s.most_common_vals::text::text[])[1:20], '{}') as common,
  coalesce((s.most_common_freqs::float8[])[1:20], '{}') as frequencies,
  coalesce(s.histogram_bounds::text::text[], '{}') as bounds,
  coalesce((s.most_common_elems::text::text[])[1:20], '{}') as elements
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join lateral (
  select * from pg_catalog.pg_stats s
  where s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
  order by s.inherited = (c.relkind = 'p') desc limit 1
) s on true
where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum`

/**
 * Who builds or drops an index locks its table, which all may see, as they may not what is built. VACUUM takes the
 * same lock: then an index that is not valid is told another time.
 *
 * `order` holds what makes two keys of one text differ: operator class, collation, direction,
 * and whether the collation is the column's own: by another one its values are not found. A class that is
 * not the default of the type knows other operators: jsonb_path_ops lacks `?`.
 */
export const indexesSql = `
select i.indrelid::int8 as table, i.indexrelid::int8 as oid, n.nspname as schema, c.relname as name, am.amname as method,
  array(select pg_catalog.pg_get_indexdef(i.indexrelid, k, true) from generate_series(1, i.indnkeyatts) k) as keys,
  array(select pg_catalog.pg_get_indexdef(i.indexrelid, k, true) from generate_series(i.indnkeyatts + 1, i.indnatts) k)
    as include,
  array(select o.opcname || '/' || i.indcollation[k - 1] || '/' || i.indoption[k - 1] || '/' ||
      case when i.indcollation[k - 1] in (0, coalesce(a.attcollation, 100)) then 'own' else 'other' end
      || case when o.opcdefault then '/default' else '/special' end
    from generate_series(1, i.indnkeyatts) k join pg_catalog.pg_opclass o on o.oid = i.indclass[k - 1]
    left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k - 1]
    order by k) as order,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid, true) as where,
  pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
  i.indisunique as "isUnique", i.indisprimary as "isPrimary", i.indisexclusion as "isExclusion",
  i.indisreplident as "isReplicaIdentity", i.indisvalid and i.indisready as "isValid", c.relispartition as "isAttached",
  exists(select from pg_catalog.pg_constraint x where x.conindid = i.indexrelid) as "isConstraint",
  exists(select from pg_catalog.pg_locks l where (l.relation = i.indrelid
      or l.relation in (select relid from pg_catalog.pg_partition_tree(i.indrelid))) and l.mode in ('ShareUpdateExclusiveLock', 'ShareLock')
    and l.database = (select oid from pg_catalog.pg_database where datname = current_database())) as "isBeingBuilt",
  (select count(*) from pg_catalog.pg_inherits h where h.inhparent = i.indexrelid)::int as parts,
  coalesce(b.idx_blks_read + b.idx_blks_hit, 0)::float8 as touched, c.relpages::float8 as pages,
  case when current_setting('track_commit_timestamp') = 'on'
    then coalesce(extract(epoch from now() - pg_catalog.pg_xact_commit_timestamp(c.xmin)) / 86400, 0) else 0 end::float8
    as "madeDays",
  coalesce(s.idx_scan, 0)::float8 as scans, (c.relpages::float8 * current_setting('block_size')::int) as bytes
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_am am on am.oid = c.relam
left join pg_catalog.pg_stat_user_indexes s on s.indexrelid = i.indexrelid
left join pg_catalog.pg_statio_user_indexes b on b.indexrelid = i.indexrelid
where i.indrelid = any($1::oid[])
order by i.indrelid, c.relname`

export const foreignKeysSql = `
select k.conname as name, k.conrelid::int8 as table, k.confrelid::int8 as references,
  array(select a.attname::text from unnest(k.conkey) with ordinality as n(number, ord)
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.number order by ord) as columns,
  array(select a.attname::text from unnest(k.confkey) with ordinality as n(number, ord)
    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = n.number order by ord) as keys
from pg_catalog.pg_constraint k
where k.contype = 'f' and k.conparentid = 0 and (k.conrelid = any($1::oid[]) or k.confrelid = any($1::oid[]))`

/**
 * A follower that is away for the moment has its slot still. Statistics that were never reset began when the server
 * did, or when it lost them in a crash: those of the background writer then begin anew.
 */
export const databaseSql = `
select d.datcollate in ('C', 'POSIX') as "isC", current_setting('server_version_num')::int as version,
  array(select extname::text from pg_catalog.pg_extension) as extensions,
  pg_catalog.pg_is_in_recovery() as "isStandby",
  (extract(epoch from now() - coalesce(s.stats_reset,
    greatest(pg_catalog.pg_postmaster_start_time(), (select w.stats_reset from pg_catalog.pg_stat_bgwriter w)))) / 86400)::float8 as "statsDays",
  greatest((select count(*) from pg_catalog.pg_stat_replication),
    (select count(*) from pg_catalog.pg_replication_slots where slot_type = 'physical'))::int as followers
from pg_catalog.pg_database d left join pg_catalog.pg_stat_database s on s.datid = d.oid
where d.datname = current_database()`

export const lockedSql = `
select distinct relation::int8 as oid from pg_catalog.pg_locks
where relation = any($1::oid[]) and mode = 'AccessExclusiveLock' and granted
  and database = (select oid from pg_catalog.pg_database where datname = current_database())`
