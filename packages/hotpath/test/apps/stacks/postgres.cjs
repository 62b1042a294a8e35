'use strict'
/** postgres.js, with a pool of three and statements that share a connection. */
const SECRET = 'planted'

exports.ways = sql => {
  const inTurn = async (n, ask, asked = sql) => {
    for (const part of [1, 2, 3]) await ask(part, asked)
  }
  /** A fragment, which is put into the statement when that is sent. */
  const column = (n, part) => sql.unsafe(`r${n}_${part}`)
  const tagged = n => (part, asked) =>
    asked`select pg_sleep(${0.002}), ${SECRET}::text as ${column(n, part)}`
  return {
    tagged: n => inTurn(n, tagged(n)),
    unsafe: n =>
      inTurn(n, part => sql.unsafe(`select pg_sleep(0.002), $1::text as r${n}_${part}`, [SECRET])),
    simple: n =>
      inTurn(n, part => sql.unsafe(`select pg_sleep(0.002), '${SECRET}' as r${n}_${part}`)),
    parallel: n => Promise.all([1, 2, 3].map(part => tagged(n)(part, sql))),
    begin: n => sql.begin(own => inTurn(n, tagged(n), own)),
    reserve: async n => {
      const own = await sql.reserve()
      await inTurn(n, tagged(n), own)
      own.release()
    },
    cursor: n =>
      inTurn(n, async (part, asked) => {
        for await (const [row] of tagged(n)(part, asked).cursor()) if (!row) throw Error()
      }),
    each: n =>
      inTurn(n, async (part, asked) => void (await tagged(n)(part, asked).forEach(() => {}))),
    /** What a listener asks for is of the request that listens. */
    nested: async n => {
      const asked = []
      await tagged(n)(1, sql).forEach(() => asked.push(tagged(n)(2, sql).execute()))
      await Promise.all(asked)
      await tagged(n)(3, sql)
    },
    fails: n =>
      inTurn(n, part =>
        sql.unsafe(`select '${SECRET}'::int as r${n}_${part}`).catch(error => {
          if (error.code !== '22P02') throw error
        }),
      ),
  }
}
exports.options = { max: Number(process.env.PG_MAX ?? 3), onnotice: () => {} }

exports.open = postgres => {
  const sql = postgres(process.env.PG_URL, exports.options)
  return { ways: exports.ways(sql), end: () => sql.end() }
}

module.exports = Object.assign(async () => exports.open(require('postgres')), exports)
