import { Router } from 'express'
import { Client } from 'pg'
import { connection, pool } from '../db.js'
import { readKey } from '../input.js'

export const branches = Router()

branches.get('/', async (_req, res) => {
  const { rows } = await pool.query(
    'select id, label, street, city, opened_on from branches order by label',
  )
  res.json(rows)
})

branches.get('/:id/hours', async (req, res) => {
  const key = readKey(req.params.id, 'id')
  const client = new Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query(
      'select weekday, opens_at, closes_at from opening_hours where branch_id = $1 order by weekday',
      [key],
    )
    res.json(rows)
  } finally {
    await client.end()
  }
})
