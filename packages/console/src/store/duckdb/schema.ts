/**
 * The tables. Services, instances and sets of attributes are kept once and pointed at: a day of
 * one-second points repeats the same few statements a million times. Counts are doubles, as they are
 * in `Histogram`: exact up to 2^53, and the appender takes them twice as fast as 64-bit integers.
 */
export const schemaVersion = 5

/**
 * What brings a file of a format to the next one.
 *
 * 1: gauges and processes get tables; ids become numbers (ids.ts), and what lists start from gets a
 * table of its own: where work enters a process, one row in ten. Both tables stay in the order in which
 * spans arrived, so that DuckDB's zone maps by time leave out what is outside of a window.
 *
 * 2: the points of each minute, merged (rollup.ts). 3: those of each ten minutes. 4: the version of a process.
 */
export const migrations: Readonly<Record<number, string>> = {
  1: `
create table entries as select
  ('0x' || substr(trace_id, 1, 16))::ubigint as trace_hi, ('0x' || substr(trace_id, 17, 16))::ubigint as trace_lo,
  ('0x' || span_id)::ubigint as span_id, ('0x' || parent_id)::ubigint as parent_id, source, start_ns,
  duration_ns, status, route, status_code
from spans where entry;
create table fresh as select
  ('0x' || substr(trace_id, 1, 16))::ubigint as trace_hi, ('0x' || substr(trace_id, 17, 16))::ubigint as trace_lo,
  ('0x' || span_id)::ubigint as span_id, ('0x' || parent_id)::ubigint as parent_id, source, name, kind,
  start_ns, duration_ns, status, attributes, links
from spans;
drop table spans;
alter table fresh rename to spans;
create table gauges (series integer, source integer, start_ns bigint, end_ns bigint, value double);
create table processes (source integer, pid bigint, host varchar, runtime varchar);
`,
  2: `
create table minutes as select * from points limit 0;
`,
  3: `
create table ten_minutes as select * from points limit 0;
`,
  4: `
alter table processes add column version varchar;
`,
}

/** The first format; a new file is brought up from it like any other. */
export const schema = `
create table meta (key varchar, value varchar);
insert into meta values ('format', '1');
create table sources (id integer, service varchar, instance varchar);
create table series (id integer, metric varchar, service varchar, attributes varchar, sampled boolean);
create table spans (
  trace_id varchar, span_id varchar, parent_id varchar, source integer, name varchar, kind utinyint,
  start_ns bigint, duration_ns bigint, status utinyint, attributes varchar, links varchar,
  entry boolean, route varchar, status_code integer
);
create table points (
  series integer, source integer, start_ns bigint, end_ns bigint, count double, sum double,
  min double, max double, scale tinyint, zero_count double, first integer, buckets double[]
);
create table counters (series integer, source integer, start_ns bigint, end_ns bigint, value double);
create table deliveries (
  source integer, received bigint, last_sequence bigint, gaps varchar, first_ns bigint, last_ns bigint
);
`
