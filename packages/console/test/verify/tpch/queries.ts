/** Twenty-two statements after TPC-H's, with one set of constants each. */
export const tpchQueries: readonly string[] = [
  `select l_returnflag, l_linestatus, sum(l_quantity), avg(l_discount), count(*) from lineitem
   where l_shipdate <= date '1998-09-02' group by l_returnflag, l_linestatus order by 1, 2`,
  `select s_acctbal, s_name, n_name, p_partkey from part, supplier, partsupp, nation, region
   where p_partkey = ps_partkey and s_suppkey = ps_suppkey and p_size = 15 and p_type like '%TYPE 7' and s_nationkey = n_nationkey
     and n_regionkey = r_regionkey and r_name = 'REGION 3' and ps_supplycost = (select min(ps_supplycost) from partsupp, supplier, nation, region
       where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'REGION 3')
   order by s_acctbal desc, n_name, s_name, p_partkey limit 100`,
  `select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate from customer, orders, lineitem
   where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15'
   group by l_orderkey, o_orderdate order by revenue desc, o_orderdate limit 10`,
  `select o_orderpriority, count(*) from orders where o_orderdate >= date '1993-07-01' and o_orderdate < date '1993-10-01'
   and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate) group by o_orderpriority order by o_orderpriority`,
  `select n_name, sum(l_extendedprice) from customer, orders, lineitem, supplier, nation, region
   where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and c_nationkey = s_nationkey and s_nationkey = n_nationkey
     and n_regionkey = r_regionkey and r_name = 'REGION 2' and o_orderdate >= date '1994-01-01' and o_orderdate < date '1995-01-01' group by n_name`,
  `select sum(l_extendedprice * l_discount) from lineitem where l_shipdate >= date '1994-01-01' and l_shipdate < date '1995-01-01'
   and l_discount between 0.05 and 0.07 and l_quantity < 24`,
  `select n1.n_name, n2.n_name, sum(l_extendedprice) from supplier, lineitem, orders, customer, nation n1, nation n2
   where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey
     and n1.n_name = 'NATION 6' and n2.n_name = 'NATION 7' and l_shipdate between date '1995-01-01' and date '1996-12-31' group by 1, 2`,
  `select o_orderdate, sum(l_extendedprice) from part, supplier, lineitem, orders, customer, nation n1, region
   where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey and c_nationkey = n1.n_nationkey
     and n1.n_regionkey = r_regionkey and r_name = 'REGION 1' and o_orderdate between date '1995-01-01' and date '1996-12-31' and p_type = 'ECONOMY TYPE 6' group by 1`,
  `select n_name, sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity) from part, supplier, lineitem, partsupp, orders, nation
   where s_suppkey = l_suppkey and ps_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey and o_orderkey = l_orderkey
     and s_nationkey = n_nationkey and p_name = 'green 40' group by n_name`,
  `select c_custkey, c_name, sum(l_extendedprice) as revenue from customer, orders, lineitem, nation where c_custkey = o_custkey and l_orderkey = o_orderkey
     and o_orderdate >= date '1993-10-01' and o_orderdate < date '1994-01-01' and l_returnflag = 'R' and c_nationkey = n_nationkey
   group by c_custkey, c_name order by revenue desc limit 20`,
  `select ps_partkey, sum(ps_supplycost * ps_availqty) from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey
     and n_name = 'NATION 7' group by ps_partkey order by 2 desc limit 100`,
  `select l_shipmode, count(*) from orders, lineitem where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
     and l_shipdate < l_commitdate and l_receiptdate >= date '1994-01-01' and l_receiptdate < date '1994-02-01' group by l_shipmode`,
  `select c_custkey, count(o_orderkey) from customer left join orders on c_custkey = o_custkey where c_custkey between 100 and 120 group by c_custkey`,
  `select sum(case when p_type like 'PROMO%' then l_extendedprice else 0 end) from lineitem, part where l_partkey = p_partkey
     and l_shipdate >= date '1995-09-01' and l_shipdate < date '1995-09-08'`,
  `select s_suppkey, s_name, sum(l_extendedprice) as revenue from supplier join lineitem on l_suppkey = s_suppkey
   where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-01-15' group by s_suppkey, s_name order by revenue desc limit 1`,
  `select p_brand, p_type, p_size, count(distinct ps_suppkey) from partsupp, part where p_partkey = ps_partkey and p_brand = 'Brand#7' and p_size in (3, 8, 33)
   group by p_brand, p_type, p_size`,
  `select sum(l_extendedprice) / 7.0 from lineitem, part where p_partkey = l_partkey and p_brand = 'Brand#23' and p_container = 'MED BOX 2'
     and l_quantity < (select 0.2 * avg(l_quantity) from lineitem where l_partkey = p_partkey)`,
  `select o_orderkey, o_totalprice, sum(l_quantity) from orders, lineitem where o_orderkey = l_orderkey and o_totalprice > 399000 group by o_orderkey, o_totalprice
   order by o_totalprice desc limit 100`,
  `select sum(l_extendedprice) from lineitem, part where p_partkey = l_partkey and p_brand = 'Brand#12' and p_container = 'SM BOX 3'
     and l_quantity between 1 and 11 and l_shipmode in ('AIR', 'REG AIR') and l_shipinstruct = 'DELIVER IN PERSON'`,
  `select s_name from supplier, nation where s_suppkey in (select ps_suppkey from partsupp where ps_partkey in (select p_partkey from part where p_name like 'forest 9%')
     and ps_availqty > (select 0.5 * sum(l_quantity) from lineitem where l_partkey = ps_partkey and l_suppkey = ps_suppkey))
     and s_nationkey = n_nationkey and n_name = 'NATION 3' order by s_name`,
  `select s_name, count(*) as numwait from supplier, lineitem l1, orders, nation where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F'
     and l1.l_receiptdate > l1.l_commitdate and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey)
     and s_nationkey = n_nationkey and n_name = 'NATION 20' group by s_name order by numwait desc limit 100`,
  `select count(*), sum(c_acctbal) from customer where substring(c_phone from 1 for 2) in ('13', '31') and c_acctbal > 7000
     and not exists (select * from orders where o_custkey = c_custkey)`,
]
