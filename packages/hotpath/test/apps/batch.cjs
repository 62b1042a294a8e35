'use strict'
// Each request asks for ten users, each by a call of its own; the app says nothing of requests.
const http = require('node:http')
const { Pool } = require('pg')
const { serve } = require('./serve.cjs')

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
process.once('disconnect', () => pool.end())

const loaded = import('hotpath/batch').then(({ batch, by }) =>
  batch(function userOf(ids) {
    return pool.query('select n as id, pg_sleep(0.01) from unnest($1::int[]) n', [ids])
  }, by('id')),
)

serve(
  http.createServer(async (request, response) => {
    const userOf = await loaded
    const first = Number(request.url.slice(1))
    const ids = Array.from({ length: 10 }, (_, n) => first + n)
    const users = await Promise.all(ids.map(id => userOf(id)))
    for (const id of ids) users.push(await userOf(id))
    response.end(users.map(user => user.id).join())
  }),
)
