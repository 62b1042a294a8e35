/**
 * Shapes of statements as MySQL's users and their libraries write them, each with the tables and columns that are in
 * it: by these the parser was chosen (the figures stand in DEPENDENCIES.md).
 */
export interface Shape {
  readonly from: string
  readonly sql: string
  /** Blank between them; in any order. */
  readonly tables: string
  readonly columns: string
}

export const shapes: readonly Shape[] = [
  {
    from: 'Sequelize',
    sql: "SELECT `id`, `email`, `createdAt` FROM `Users` AS `User` WHERE (`User`.`deletedAt` IS NULL AND `User`.`email` = 'a') LIMIT 1;",
    tables: 'Users',
    columns: 'id email createdAt deletedAt',
  },
  {
    from: 'Sequelize, include',
    sql: 'SELECT `User`.`id`, `Posts`.`id` AS `Posts.id`, `Posts`.`title` AS `Posts.title` FROM `Users` AS `User` LEFT OUTER JOIN `Posts` AS `Posts` ON `User`.`id` = `Posts`.`userId` WHERE `User`.`id` IN (1, 2) ORDER BY `Posts`.`createdAt` DESC;',
    tables: 'Users Posts',
    columns: 'id title userId createdAt',
  },
  {
    from: 'Sequelize, limit over include',
    sql: 'SELECT `User`.*, `Posts`.`id` AS `Posts.id` FROM (SELECT `User`.`id`, `User`.`name` FROM `Users` AS `User` WHERE `User`.`age` > ? LIMIT 0, 20) AS `User` LEFT OUTER JOIN `Posts` AS `Posts` ON `User`.`id` = `Posts`.`userId`;',
    tables: 'Users Posts',
    columns: 'id name age userId',
  },
  {
    from: 'Sequelize, insert',
    sql: 'INSERT INTO `Users` (`id`,`email`,`createdAt`) VALUES (DEFAULT,?,?);',
    tables: 'Users',
    columns: 'id email createdAt',
  },
  {
    from: 'Prisma',
    sql: 'SELECT `shop`.`User`.`id`, `shop`.`User`.`email` FROM `shop`.`User` WHERE (`shop`.`User`.`email` = ? AND 1=1) LIMIT ? OFFSET ?',
    tables: 'User',
    columns: 'id email',
  },
  {
    from: 'Prisma, relation',
    sql: 'SELECT `t1`.`id` FROM `shop`.`Post` AS `t1` WHERE (`t1`.`id`) IN (SELECT `t0`.`A` FROM `shop`.`_CategoryToPost` AS `t0` INNER JOIN `shop`.`Category` AS `j0` ON (`j0`.`id`) = (`t0`.`B`) WHERE (`j0`.`name` LIKE ? AND `t0`.`A` IS NOT NULL)) ORDER BY `t1`.`id` ASC',
    tables: 'Post _CategoryToPost Category',
    columns: 'id A B name',
  },
  {
    from: 'Prisma, aggregate',
    sql: 'SELECT COUNT(*), SUM(`total`) FROM (SELECT `shop`.`Order`.`id`, `shop`.`Order`.`total` FROM `shop`.`Order` WHERE `shop`.`Order`.`status` <> ? ) AS `sub`',
    tables: 'Order',
    columns: 'id total status',
  },
  {
    from: 'TypeORM',
    sql: 'SELECT `User`.`id` AS `User_id`, `User`.`name` AS `User_name` FROM `user` `User` WHERE ((`User`.`email` = ?)) AND ( `User`.`deletedAt` IS NULL ) LIMIT 1',
    tables: 'user',
    columns: 'id name email deletedAt',
  },
  {
    from: 'TypeORM, distinct alias',
    sql: 'SELECT DISTINCT `distinctAlias`.`User_id` AS `ids_User_id` FROM (SELECT `User`.`id` AS `User_id` FROM `user` `User` LEFT JOIN `photo` `p` ON `p`.`userId`=`User`.`id` WHERE `p`.`views` >= ?) `distinctAlias` ORDER BY `User_id` ASC LIMIT 10',
    tables: 'user photo',
    columns: 'User_id id userId views',
  },
  {
    from: 'TypeORM, update',
    sql: 'UPDATE `user` SET `name` = ?, `updatedAt` = CURRENT_TIMESTAMP WHERE `id` IN (?)',
    tables: 'user',
    columns: 'name updatedAt id',
  },
  {
    from: 'Knex',
    sql: 'select `users`.*, `contacts`.`phone` from `users` inner join `contacts` on `users`.`id` = `contacts`.`user_id` where `users`.`age` between ? and ? and not `users`.`city` = ? order by `users`.`name` asc limit ? offset ?',
    tables: 'users contacts',
    columns: 'phone id user_id age city name',
  },
  {
    from: 'Knex, upsert',
    sql: 'insert into `tableName` (`email`, `name`) values (?, ?) on duplicate key update `email` = values(`email`), `name` = values(`name`)',
    tables: 'tableName',
    columns: 'email name',
  },
  {
    from: 'Knex, ignore',
    sql: 'insert ignore into `tableName` (`email`) values (?)',
    tables: 'tableName',
    columns: 'email',
  },
  {
    from: 'Knex, lock',
    sql: 'select * from `jobs` where `state` = ? and `run_at` <= ? order by `priority` desc, `id` asc limit ? for update skip locked',
    tables: 'jobs',
    columns: 'state run_at priority id',
  },
  {
    from: 'Drizzle',
    sql: 'select `id`, `name` from `users` where (`users`.`role` = ? and (`users`.`name` like ? or `users`.`city` = ?)) order by `users`.`created_at` desc limit ?',
    tables: 'users',
    columns: 'id name role city created_at',
  },
  {
    from: 'Drizzle, relational',
    sql: "select `posts`.`id`, `posts_author`.`data` as `author` from `posts` left join lateral (select json_array(`posts_author`.`id`, `posts_author`.`name`) as `data` from (select * from `users` `posts_author` where `posts_author`.`id` = `posts`.`author_id` limit ?) `posts_author`) `posts_author` on true where `posts`.`slug` = 'x'",
    tables: 'posts users',
    columns: 'id data name author_id slug',
  },
  {
    from: 'performance_schema',
    sql: 'SELECT * FROM `orders` WHERE `customer_id` = ? AND `status` IN (?) ORDER BY `created_at` DESC LIMIT ?',
    tables: 'orders',
    columns: 'customer_id status created_at',
  },
  {
    from: 'LIMIT ?, ?',
    sql: 'select a from t where b = ? limit ?, ?',
    tables: 't',
    columns: 'a b',
  },
  {
    from: 'STRAIGHT_JOIN, of a statement',
    sql: 'SELECT STRAIGHT_JOIN a.id FROM a, b WHERE a.id = b.a_id AND b.x > 3',
    tables: 'a b',
    columns: 'id a_id x',
  },
  {
    from: 'STRAIGHT_JOIN, of two tables',
    sql: 'SELECT a.id FROM a STRAIGHT_JOIN b ON a.id = b.a_id',
    tables: 'a b',
    columns: 'id a_id',
  },
  {
    from: 'SQL_CALC_FOUND_ROWS',
    sql: "SELECT SQL_CALC_FOUND_ROWS wp_posts.ID FROM wp_posts WHERE 1=1 AND wp_posts.post_type = 'post' AND ((wp_posts.post_status = 'publish')) ORDER BY wp_posts.post_date DESC LIMIT 0, 10",
    tables: 'wp_posts',
    columns: 'ID post_type post_status post_date',
  },
  {
    from: 'FORCE INDEX',
    sql: 'SELECT * FROM t1 FORCE INDEX (i1, i2) WHERE c1 = 1 AND c2 = 2',
    tables: 't1',
    columns: 'c1 c2',
  },
  {
    from: 'IGNORE INDEX FOR ORDER BY',
    sql: 'SELECT c1 FROM t1 IGNORE INDEX FOR ORDER BY (i2) WHERE c2 > ? ORDER BY c1',
    tables: 't1',
    columns: 'c1 c2',
  },
  {
    from: 'USE INDEX, alias',
    sql: 'SELECT x.c1 FROM t1 AS x USE INDEX (i1) JOIN t2 y ON y.id = x.t2_id WHERE y.c2 = ?',
    tables: 't1 t2',
    columns: 'c1 id t2_id c2',
  },
  {
    from: 'JSON_EXTRACT',
    sql: "SELECT id FROM docs WHERE JSON_EXTRACT(data, '$.user.id') = ? AND JSON_UNQUOTE(JSON_EXTRACT(`data`, '$.kind')) = 'a'",
    tables: 'docs',
    columns: 'id data',
  },
  {
    from: 'JSON arrows',
    sql: "SELECT id, data->'$.a' FROM docs WHERE data->>'$.kind' = ? ORDER BY data->>'$.at'",
    tables: 'docs',
    columns: 'id data',
  },
  {
    from: 'MEMBER OF',
    sql: "SELECT id FROM docs WHERE 17 MEMBER OF(data->'$.tags')",
    tables: 'docs',
    columns: 'id data',
  },
  {
    from: 'WITH ROLLUP',
    sql: 'SELECT year, country, SUM(profit) FROM sales WHERE kind = 1 GROUP BY year, country WITH ROLLUP',
    tables: 'sales',
    columns: 'year country profit kind',
  },
  {
    from: 'MATCH AGAINST',
    sql: "SELECT id, MATCH(title, body) AGAINST ('word') AS score FROM articles WHERE MATCH (title, body) AGAINST ('+word -other' IN BOOLEAN MODE) AND lang = 'en'",
    tables: 'articles',
    columns: 'id title body lang',
  },
  {
    from: 'MATCH AGAINST, placeholder',
    sql: 'select * from `articles` where match(`title`) against(? in natural language mode) limit ?',
    tables: 'articles',
    columns: 'title',
  },
  {
    from: 'INTERVAL',
    sql: 'SELECT id FROM t WHERE at > NOW() - INTERVAL 7 DAY AND done < DATE_SUB(CURDATE(), INTERVAL ? MONTH)',
    tables: 't',
    columns: 'id at done',
  },
  {
    from: 'ON DUPLICATE KEY, row alias',
    sql: 'INSERT INTO t (a, b) VALUES (?, ?) AS new ON DUPLICATE KEY UPDATE b = t.b + new.b',
    tables: 't',
    columns: 'a b',
  },
  { from: 'REPLACE', sql: 'REPLACE INTO t (a, b) VALUES (?, ?)', tables: 't', columns: 'a b' },
  {
    from: 'INSERT ... SET',
    sql: 'INSERT INTO t SET a = ?, b = NOW()',
    tables: 't',
    columns: 'a b',
  },
  {
    from: 'INSERT ... SELECT',
    sql: 'INSERT INTO totals (day, n) SELECT DATE(o.at), COUNT(*) FROM orders o WHERE o.at >= ? GROUP BY DATE(o.at)',
    tables: 'totals orders',
    columns: 'day n at',
  },
  {
    from: 'RETURNING (MariaDB)',
    sql: 'INSERT INTO t (a) VALUES (?) RETURNING id',
    tables: 't',
    columns: 'a id',
  },
  {
    from: 'CTE',
    sql: 'WITH latest AS (SELECT user_id, MAX(at) AS at FROM visits GROUP BY user_id) SELECT u.name FROM users u JOIN latest l ON l.user_id = u.id WHERE l.at > ?',
    tables: 'visits users latest',
    columns: 'user_id at name id',
  },
  {
    from: 'recursive CTE',
    sql: 'WITH RECURSIVE tree (id, parent) AS (SELECT id, parent FROM nodes WHERE id = ? UNION ALL SELECT n.id, n.parent FROM nodes n INNER JOIN tree ON n.parent = tree.id) SELECT * FROM tree',
    tables: 'nodes tree',
    columns: 'id parent',
  },
  {
    from: 'window function',
    sql: 'SELECT id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY created_at DESC) AS n FROM orders WHERE status = ?',
    tables: 'orders',
    columns: 'id customer_id created_at status',
  },
  {
    from: 'named window',
    sql: 'SELECT id, SUM(total) OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)',
    tables: 'orders',
    columns: 'id total customer_id',
  },
  {
    from: 'GROUP_CONCAT',
    sql: "SELECT a, GROUP_CONCAT(DISTINCT b ORDER BY c DESC SEPARATOR ',') FROM t GROUP BY a HAVING COUNT(*) > 3",
    tables: 't',
    columns: 'a b c',
  },
  {
    from: 'row comparison',
    sql: 'SELECT id FROM t WHERE (a, b) = (?, ?) OR (a, b) IN ((1, 2), (3, 4))',
    tables: 't',
    columns: 'id a b',
  },
  {
    from: 'keyset',
    sql: 'select id from t where (created_at, id) < (?, ?) order by created_at desc, id desc limit 20',
    tables: 't',
    columns: 'id created_at',
  },
  {
    from: 'EXISTS',
    sql: 'SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status = ?)',
    tables: 'customers orders',
    columns: 'id customer_id status',
  },
  {
    from: 'UNION with LIMIT',
    sql: '(SELECT id FROM a WHERE x = ? ORDER BY id LIMIT 5) UNION ALL (SELECT id FROM b WHERE y = ?) ORDER BY id LIMIT 10',
    tables: 'a b',
    columns: 'id x y',
  },
  {
    from: 'UPDATE with a join',
    sql: 'UPDATE orders o JOIN customers c ON c.id = o.customer_id SET o.tier = c.tier WHERE c.country = ?',
    tables: 'orders customers',
    columns: 'id customer_id tier country',
  },
  {
    from: 'UPDATE with ORDER BY and LIMIT',
    sql: 'UPDATE jobs SET worker = ?, n = n + 1 WHERE worker IS NULL ORDER BY id LIMIT 10',
    tables: 'jobs',
    columns: 'worker n id',
  },
  {
    from: 'DELETE with LIMIT',
    sql: 'DELETE FROM sessions WHERE expires < ? ORDER BY expires LIMIT 1000',
    tables: 'sessions',
    columns: 'expires',
  },
  {
    from: 'DELETE of several tables',
    sql: 'DELETE a, b FROM a INNER JOIN b ON b.a_id = a.id WHERE a.old = 1',
    tables: 'a b',
    columns: 'a_id id old',
  },
  {
    from: 'null-safe',
    sql: 'SELECT id FROM t WHERE a <=> ? AND b <> ? AND c XOR d',
    tables: 't',
    columns: 'id a b c d',
  },
  {
    from: 'REGEXP',
    sql: "SELECT id FROM t WHERE name REGEXP '^a' AND code NOT RLIKE ? AND note NOT LIKE '%x' ESCAPE '|'",
    tables: 't',
    columns: 'id name code note',
  },
  {
    from: 'COLLATE and introducer',
    sql: "SELECT id FROM t WHERE name = _utf8mb4'x' COLLATE utf8mb4_bin AND BINARY code = ?",
    tables: 't',
    columns: 'id name code',
  },
  {
    from: 'CAST and CONVERT',
    sql: 'SELECT CAST(a AS UNSIGNED), CONVERT(b USING utf8mb4) FROM t WHERE CAST(c AS DATE) = ?',
    tables: 't',
    columns: 'a b c',
  },
  {
    from: 'FIELD and CASE',
    sql: "SELECT id FROM t WHERE s IN ('a','b') ORDER BY FIELD(s, 'b', 'a'), CASE WHEN p = 1 THEN 0 ELSE 1 END, q DESC",
    tables: 't',
    columns: 'id s p q',
  },
  {
    from: 'hint and comments',
    sql: '/* app:shop */ SELECT /*+ MAX_EXECUTION_TIME(1000) */ id FROM t # the end\n WHERE a = ? -- b\n AND c = 1',
    tables: 't',
    columns: 'id a c',
  },
  {
    from: 'LOCK IN SHARE MODE',
    sql: 'SELECT balance FROM accounts WHERE id = ? LOCK IN SHARE MODE',
    tables: 'accounts',
    columns: 'balance id',
  },
  {
    from: 'NATURAL and USING',
    sql: 'SELECT a.x FROM a NATURAL JOIN b LEFT JOIN c USING (k) WHERE a.y = ?',
    tables: 'a b c',
    columns: 'x y k',
  },
  {
    from: 'join in parentheses',
    sql: 'SELECT a.x FROM a LEFT JOIN (b INNER JOIN c ON b.c_id = c.id) ON b.a_id = a.id WHERE a.k = ?',
    tables: 'a b c',
    columns: 'x c_id id a_id k',
  },
  {
    from: 'partition',
    sql: 'SELECT id FROM logs PARTITION (p1) WHERE day = ?',
    tables: 'logs',
    columns: 'id day',
  },
  {
    from: 'user variables and operators',
    sql: 'SELECT @n := @n + 1, id FROM t WHERE flags & 4 AND a DIV 2 = b MOD 3 AND !c',
    tables: 't',
    columns: 'id flags a b c',
  },
]
