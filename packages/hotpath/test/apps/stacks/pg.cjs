'use strict'
/** pg, with a pool of three: what the servers are tried with. */
module.exports = async () => {
  const { Pool } = require('pg')
  const pool = new Pool({ connectionString: process.env.PG_URL, max: 3 })
  return {
    ways: {
      async ask(n) {
        for (const part of [1, 2, 3])
          await pool.query(`select pg_sleep(0.001), $1::text as r${n}_${part}`, ['planted'])
      },
    },
    end: () => pool.end(),
  }
}
