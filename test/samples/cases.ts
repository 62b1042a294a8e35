/** What a request does with its pool, as JavaScript. */
export interface Case {
  readonly name: string
  readonly code: string
  /** Whether it is a loop. */
  readonly loops: boolean
}

const street = 'select street from addresses where user_id = $1'
const over = (from: number, to: number): string => `for (let i = ${from}; i <= ${to}; i++)`

/** Loops and what looks like one: detector and assertion must say the same of each. */
export const cases: readonly Case[] = [
  { name: 'five', loops: true, code: `${over(1, 5)} await pool.query('${street}', [i])` },
  { name: 'four', loops: false, code: `${over(1, 4)} await pool.query('${street}', [i])` },
  { name: 'same', loops: false, code: `${over(1, 9)} await pool.query('${street}', [1])` },
  {
    name: 'concurrent',
    loops: true,
    code: `await Promise.all([1, 2, 3, 4, 5, 6].map(id => pool.query('${street}', [id])))`,
  },
  {
    name: 'inlined',
    loops: true,
    code: `${over(1, 6)} await pool.query('select street from addresses where user_id = ' + i)`,
  },
  {
    name: 'between',
    loops: true,
    code: `${over(1, 6)} { await pool.query('${street}', [i]); await pool.query('select 1 as one') }`,
  },
  {
    name: 'places',
    loops: false,
    code: [1, 2, 3, 4, 5, 6].map(id => `await pool.query('${street}', [${id}])`).join('\n'),
  },
  {
    name: 'any',
    loops: true,
    code: `${over(1, 6)} await pool.query('select street from addresses where user_id = any($1)', [[i, i + 1]])`,
  },
  {
    name: 'in',
    loops: true,
    code: `${over(1, 6)} await pool.query('select street from addresses where user_id in ($1, $2)', [i, i + 1])`,
  },
  {
    name: 'batches',
    loops: false,
    code: `${over(1, 6)} await pool.query('select generate_series(1, 6) as n from users where id in ($1, $2)', [i, i + 1])`,
  },
  {
    name: 'subselect',
    loops: true,
    code: `${over(1, 6)} await pool.query('select id from users where id = $1 and id in (select user_id from addresses)', [i])`,
  },
  {
    name: 'pages',
    loops: false,
    code: `${over(0, 6)} await pool.query('select id from users order by id limit 2 offset $1', [i * 2])`,
  },
  {
    name: 'latest',
    loops: true,
    code: `${over(1, 6)} await pool.query('select street from addresses where user_id = $1 and street > $2 limit 3', [i, 'a'])`,
  },
  {
    name: 'chunks',
    loops: false,
    code: `${over(1, 6)} await pool.query('select generate_series(1, 200) as n from users where id = $1', [i])`,
  },
  {
    name: 'inserts',
    loops: true,
    code: `${over(1, 6)} await pool.query('insert into notes values ($1)', [i])`,
  },
  {
    name: 'transaction',
    loops: false,
    code: `
      const client = await pool.connect()
      await client.query('begin')
      ${over(1, 6)} await client.query('insert into notes values ($1)', [i])
      await client.query('commit')
      client.release()`,
  },
  {
    name: 'reads-in-transaction',
    loops: true,
    code: `
      const client = await pool.connect()
      await client.query('begin')
      ${over(1, 6)} await client.query('${street}', [i])
      await client.query('commit')
      client.release()`,
  },
  {
    name: 'unknown',
    loops: true,
    code: `
      class Id { constructor(id) { this.id = id } toPostgres() { return String(this.id) } }
      ${over(1, 6)} await pool.query('${street}', [new Id(i)])`,
  },
  {
    name: 'with',
    loops: true,
    code: `${over(1, 6)} await pool.query('with u as (select id from users) select id from u where id = $1', [i])`,
  },
]
