/** More tables than this: nothing is told apart. */
export const MAX_RELATIONS = 20_000
export const MAX_FUNCTIONS = 5_000

/**
 * All that decides what a statement of one database reads and writes, asked at once, in a session whose
 * search_path decides what a name means. One row for each fact: its kind, and up to six texts.
 *
 * pg_depend lists what users made (oid from 16384 up) and not what is built in, so the functions that a
 * view calls are taken from the tree of its rule. pg_get_viewdef would say it better, and waits for the
 * locks of all that a view reads: behind a migration everybody would stand in line.
 */
export const CATALOG_OF_ALL = `with
  own as materialized (select c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    limit ${MAX_RELATIONS + 1}),
  views as materialized (select w.ev_class, w.ev_action::pg_catalog.text as tree
    from pg_catalog.pg_rewrite w where w.rulename = '_RETURN'
      and w.ev_class in (select oid from own where relkind = 'v')),
  called as materialized (select distinct refobjid as oid, classid, objid from pg_catalog.pg_depend
    where refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and refobjid >= 16384)
select 'database' as kind, (select system_identifier::pg_catalog.text from pg_catalog.pg_control_system()),
    d.oid::pg_catalog.text, pg_catalog.pg_is_in_recovery()::pg_catalog.text,
    pg_catalog.current_setting('transaction_isolation'),
    pg_catalog.current_setting('session_replication_role'), ''
  from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
union all select 'relation', oid::pg_catalog.text, nspname::pg_catalog.text, relname::pg_catalog.text,
    relkind::pg_catalog.text || relpersistence::pg_catalog.text || case when relrowsecurity then 's' else '-' end,
    pg_catalog.pg_table_is_visible(oid)::pg_catalog.text, ''
  from own
union all select 'parent', inhrelid::pg_catalog.text, inhparent::pg_catalog.text, '', '', '', ''
  from pg_catalog.pg_inherits where inhrelid in (select oid from own)
union all select distinct 'view', w.ev_class::pg_catalog.text, d.refobjid::pg_catalog.text, '', '', '', ''
  from pg_catalog.pg_rewrite w join pg_catalog.pg_depend d on d.objid = w.oid
    and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  where w.ev_class in (select oid from own where relkind = 'v') and d.refobjid <> w.ev_class
union all select distinct 'calls', w.ev_class::pg_catalog.text, p.proname::pg_catalog.text, '', '', '', ''
  from views w cross join lateral pg_catalog.regexp_matches(w.tree,
    ':(?:funcid|opfuncid|aggfnoid|winfnoid|hashfuncid|negfuncid) (\\d+)', 'g') as found(ids)
    join pg_catalog.pg_proc p on p.oid = found.ids[1]::pg_catalog.oid
union all select 'odd', w.ev_class::pg_catalog.text, '', '', '', '', '' from views w
  where w.tree ~ 'SQLVALUEFUNCTION :op [0-8] |ROWMARKCLAUSE|TABLESAMPLECLAUSE|NEXTVALUEEXPR'
    or w.tree ~ 'COERCEVIAIO [^{]*(?:[{][^{}]*[}])*[^{}]*:resulttype (?:1082|1083|1114|1184|1266) '
union all select 'rule', ev_class::pg_catalog.text, '', '', '', '', '' from pg_catalog.pg_rewrite
  where rulename <> '_RETURN' and ev_class in (select oid from own)
union all select 'key', i.indrelid::pg_catalog.text, a.attname::pg_catalog.text, t.typname::pg_catalog.text,
    (t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace and a.atttypmod = -1 and a.attgenerated = ''
      and coalesce(l.collisdeterministic, true))::pg_catalog.text, '', ''
  from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    join pg_catalog.pg_type t on t.oid = a.atttypid left join pg_catalog.pg_collation l on l.oid = a.attcollation
  where i.indisprimary and i.indnkeyatts = 1 and i.indrelid in (select oid from own)
union all select 'foreign', conrelid::pg_catalog.text, confrelid::pg_catalog.text, confdeltype::pg_catalog.text,
    confupdtype::pg_catalog.text, (select pg_catalog.string_agg(case when a.attgenerated = '' then a.attname else '*' end, ' ') from pg_catalog.pg_attribute a
      where a.attrelid = confrelid and a.attnum = any(confkey)), ''
  from pg_catalog.pg_constraint where contype = 'f'
union all select 'trigger', tgrelid::pg_catalog.text, tgfoid::pg_catalog.text, tgtype::pg_catalog.text, '', '', ''
  from pg_catalog.pg_trigger where not tgisinternal and tgenabled <> 'D' and tgrelid in (select oid from own)
union all select 'filled', a.adrelid::pg_catalog.text, c.oid::pg_catalog.text, '', '', '', ''
  from called c join pg_catalog.pg_attrdef a on a.oid = c.objid
  where c.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
union all select 'filled', a.conrelid::pg_catalog.text, c.oid::pg_catalog.text, '', '', '', ''
  from called c join pg_catalog.pg_constraint a on a.oid = c.objid
  where c.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and a.conrelid <> 0
union all select 'filled', a.polrelid::pg_catalog.text, c.oid::pg_catalog.text, '', '', '', ''
  from called c join pg_catalog.pg_policy a on a.oid = c.objid
  where c.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
union all select * from (select 'function', p.oid::pg_catalog.text, p.proname::pg_catalog.text,
    p.provolatile::pg_catalog.text || p.prokind::pg_catalog.text, l.lanname::pg_catalog.text,
    coalesce(e.extname, '')::pg_catalog.text,
    case when p.prokind <> 'a' and l.lanname in ('sql', 'plpgsql') and e.extname is null
      then pg_catalog.pg_get_functiondef(p.oid) else '' end
  from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
    left join pg_catalog.pg_depend d on d.objid = p.oid and d.deptype = 'e'
      and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    left join pg_catalog.pg_extension e on e.oid = d.refobjid
  where p.oid >= 16384 limit ${MAX_FUNCTIONS + 1}) as functions
union all select 'part', a.aggfnoid::pg_catalog.oid::pg_catalog.text, f.oid::pg_catalog.text, '', '', '', ''
  from pg_catalog.pg_aggregate a cross join lateral pg_catalog.unnest(array[a.aggtransfn, a.aggfinalfn,
    a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::pg_catalog.oid[]) as f(oid)
  where a.aggfnoid::pg_catalog.oid >= 16384 and f.oid >= 16384
union all select 'volatile', proname::pg_catalog.text, '', '', '', '', ''
  from pg_catalog.pg_proc where oid < 16384 and provolatile = 'v'
union all select 'operator', o.oprname::pg_catalog.text, o.oprcode::pg_catalog.oid::pg_catalog.text, '', '', '', ''
  from pg_catalog.pg_operator o where o.oid >= 16384
union all select 'cast', castfunc::pg_catalog.text, '', '', '', '', ''
  from pg_catalog.pg_cast where castfunc >= 16384
union all select 'cast', c.oid::pg_catalog.text, '', '', '', '', ''
  from called c join pg_catalog.pg_constraint a on a.oid = c.objid
  where c.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and a.contypid <> 0`
