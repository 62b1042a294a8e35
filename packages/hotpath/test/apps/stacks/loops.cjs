'use strict'
/** A page of users with their addresses, one statement for each: over mysql2 and over postgres.js. */
module.exports = async () => {
  const pool = require('mysql2/promise').createPool({
    uri: process.env.MYSQL_URL,
    connectionLimit: 3,
  })
  const sql = require('postgres')(process.env.PG_URL, { max: 3 })
  return {
    ways: {
      async mysql() {
        const [users] = await pool.query('select id from `users` order by id')
        for (const { id } of users)
          await pool.execute('select street from `addresses` where user_id = ?', [id])
      },
      async postgres() {
        const users = await sql`select id from users order by id`
        for (const { id } of users) await sql`select street from addresses where user_id = ${id}`
      },
    },
    async end() {
      await pool.end()
      await sql.end()
    },
  }
}
