'use strict'
/** Borrows connections of mysql2's pool by callback and by promise; one path forgets to give back. */
const http = require('node:http')
const mysql = require('mysql2')
const { serve } = require('../serve.cjs')

const url = new URL(process.env.DATABASE_URL)
const pool = mysql.createPool({
  host: url.hostname,
  port: Number(url.port),
  user: url.username,
  database: url.pathname.slice(1),
  connectionLimit: 2,
})
const promised = pool.promise()
const kept = []
let asked = 0
let gather = () => {}
const crowd = new Promise(resolve => {
  gather = resolve
})

const paths = {
  '/callback': () =>
    new Promise((resolve, reject) => {
      pool.getConnection((error, connection) => {
        if (error) return reject(error)
        connection.query('select 1 as n', (_, rows) => {
          connection.release()
          resolve(rows)
        })
      })
    }),
  /** Those who have a connection keep it until all eight have asked for one. */
  async '/crowd'() {
    const borrowed = promised.getConnection()
    if (++asked === 8) gather()
    const connection = await borrowed
    await crowd
    await connection.query('select sleep(0.01) as n')
    connection.release()
  },
  async '/promise'() {
    const connection = await promised.getConnection()
    const [rows] = await connection.query('select 1 as n')
    connection.release()
    return rows
  },
  async '/pool'() {
    return (await promised.query('select 1 as n'))[0]
  },
  async '/long'() {
    return (await promised.execute('select sleep(1.2) as n'))[0]
  },
  async '/leak'() {
    kept.push(await promised.getConnection())
  },
  async '/destroy'() {
    for (const connection of kept.splice(0)) connection.destroy()
  },
}

serve(
  http.createServer(async (request, response) => {
    response.end(JSON.stringify((await paths[request.url]()) ?? null))
  }),
)
process.once('disconnect', () => pool.end(() => {}))
