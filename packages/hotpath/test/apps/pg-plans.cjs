'use strict'
// Statements that take 20 ms and more, each asked through a pool of one connection.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 })
process.once('disconnect', () => pool.end())
const slow = '(select pg_sleep(0.02)) is not null as slow'

const ways = {
  '/find': () => pool.query(`select id, ${slow} from people where email = $1`, ['p1@secret.org']),
  '/written': () => pool.query(`select id, ${slow} from people where email = 'p2@secret.org'`),
  '/key': () => pool.query(`select id, ${slow} from people where id = $1`, [7]),
  '/most': () => pool.query(`select count(*), ${slow} from people where id > $1`, [7]),
  '/several': () => pool.query('select pg_sleep(0.02); insert into log values (1)'),
}

serve(
  http.createServer(async (request, response) => {
    const result = await ways[request.url]()
    response.end(JSON.stringify([result].flat().map(({ rows }) => rows.length)))
  }),
)
