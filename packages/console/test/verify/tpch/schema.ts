/**
 * A schema like TPC-H's, with primary keys and no other index; data of the same sizes and shapes, made by arithmetic.
 * `scale` 1 is 6 million lines of orders.
 */
export function tpchSchema(scale: number): readonly string[] {
  const n = (rows: number): number => Math.max(1, Math.round(rows * scale))
  const [suppliers, parts, customers, orders] = [n(10_000), n(200_000), n(150_000), n(1_500_000)]
  const pick = (by: number, of: number): string => `(i * ${by} % ${of})`
  return [
    `create table region (r_regionkey int primary key, r_name text not null, r_comment text)`,
    `create table nation (n_nationkey int primary key, n_name text not null, n_regionkey int not null, n_comment text)`,
    `create table supplier (s_suppkey int primary key, s_name text not null, s_address text not null, s_nationkey int not null,
       s_phone text not null, s_acctbal numeric(12, 2) not null, s_comment text not null)`,
    `create table part (p_partkey int primary key, p_name text not null, p_mfgr text not null, p_brand text not null,
       p_type text not null, p_size int not null, p_container text not null, p_retailprice numeric(12, 2) not null)`,
    `create table partsupp (ps_partkey int not null, ps_suppkey int not null, ps_availqty int not null,
       ps_supplycost numeric(12, 2) not null, ps_comment text not null, primary key (ps_partkey, ps_suppkey))`,
    `create table customer (c_custkey int primary key, c_name text not null, c_address text not null, c_nationkey int not null,
       c_phone text not null, c_acctbal numeric(12, 2) not null, c_mktsegment text not null, c_comment text not null)`,
    `create table orders (o_orderkey int primary key, o_custkey int not null, o_orderstatus text not null,
       o_totalprice numeric(12, 2) not null, o_orderdate date not null, o_orderpriority text not null, o_clerk text not null,
       o_shippriority int not null, o_comment text not null)`,
    `create table lineitem (l_orderkey int not null, l_partkey int not null, l_suppkey int not null, l_linenumber int not null,
       l_quantity numeric(12, 2) not null, l_extendedprice numeric(12, 2) not null, l_discount numeric(12, 2) not null,
       l_tax numeric(12, 2) not null, l_returnflag text not null, l_linestatus text not null, l_shipdate date not null,
       l_commitdate date not null, l_receiptdate date not null, l_shipinstruct text not null, l_shipmode text not null,
       l_comment text not null, primary key (l_orderkey, l_linenumber))`,
    `insert into region select i, 'REGION ' || i, 'c' from generate_series(0, 4) i`,
    `insert into nation select i, 'NATION ' || i, i % 5, 'c' from generate_series(0, 24) i`,
    `insert into supplier select i, 'Supplier ' || i, 'a', ${pick(7, 25)}, 'p', i % 9999, repeat('c', 60) from generate_series(1, ${suppliers}) i`,
    `insert into part select i, (array['almond','azure','blue','forest','green','lemon'])[i % 6 + 1] || ' ' || i % 92, 'MFGR ' || i % 5,
       'Brand#' || i % 25, (array['ECONOMY','LARGE','MEDIUM','PROMO','SMALL','STANDARD'])[i % 6 + 1] || ' TYPE ' || i % 25,
       i % 50 + 1, (array['JUMBO','LG','MED','SM','WRAP'])[i % 5 + 1] || ' BOX ' || i % 8, 900 + i % 1000 from generate_series(1, ${parts}) i`,
    `insert into partsupp select i, (i + j * ${Math.ceil(suppliers / 4)}) % ${suppliers} + 1, i % 9999, i % 1000, repeat('c', 80)
       from generate_series(1, ${parts}) i, generate_series(0, 3) j on conflict do nothing`,
    `insert into customer select i, 'Customer ' || i, 'a', ${pick(11, 25)}, (10 + i % 25) || '-phone', i % 9999 - 999,
       (array['AUTOMOBILE','BUILDING','FURNITURE','HOUSEHOLD','MACHINERY'])[i % 5 + 1], repeat('c', 70) from generate_series(1, ${customers}) i`,
    `insert into orders select i, (i::bigint * 7919 % ${customers})::int + 1, (array['F','O','P'])[i % 3 + 1], 1000 + i % 400000,
       '1992-01-01'::date + (i::bigint * 7907 % 2406)::int, (array['1-URGENT','2-HIGH','3-MEDIUM','4-LOW','5-NONE'])[i % 5 + 1],
       'Clerk ' || i % 1000, 0, repeat('c', 48) from generate_series(1, ${orders}) i`,
    `insert into lineitem select o_orderkey, (o_orderkey::bigint * 31 + l * 7919) % ${parts} + 1, (o_orderkey::bigint * 17 + l * 101) % ${suppliers} + 1, l,
       (o_orderkey + l) % 50 + 1, 900 + (o_orderkey * 3 + l) % 90000, (o_orderkey + l) % 11 / 100.0, l % 9 / 100.0,
       (array['A','N','R'])[(o_orderkey + l) % 3 + 1], (array['F','O'])[(o_orderkey + l) % 2 + 1], o_orderdate + (o_orderkey + l * 13) % 121,
       o_orderdate + 30 + (o_orderkey + l) % 61, o_orderdate + (o_orderkey + l * 13) % 121 + 1 + l % 30,
       (array['COLLECT COD','DELIVER IN PERSON','NONE','TAKE BACK RETURN'])[(o_orderkey + l) % 4 + 1],
       (array['AIR','FOB','MAIL','RAIL','REG AIR','SHIP','TRUCK'])[(o_orderkey + l) % 7 + 1], repeat('c', 26)
       from orders, generate_series(1, 4) l`,
    'vacuum analyze',
  ]
}
