'use strict'
const mysql = require('mysql2/promise')
const { play } = require('../pool-share/play.cjs')
const { cases, finish, options } = require('./requests.cjs')

play(cases, async () => {
  const connection = await mysql.createConnection(options)
  const [rows] = await connection.query('select connection_id() as id')
  await finish(connection)
  return rows[0].id
})
