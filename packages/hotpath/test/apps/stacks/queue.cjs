'use strict'
const { Pool } = require('pg')

/** Statements that wait in a queue for the room that another request makes. */
module.exports = async (_load, PQueue) => {
  const queue = new PQueue({ concurrency: 2 })
  const pool = new Pool({ connectionString: process.env.PG_URL, max: 3 })
  const ask = (n, part) => pool.query(`select pg_sleep(0.001), 'planted' as r${n}_${part}`)
  return {
    ways: { 'p-queue': n => Promise.all([1, 2, 3].map(part => queue.add(() => ask(n, part)))) },
    end: () => pool.end(),
  }
}
