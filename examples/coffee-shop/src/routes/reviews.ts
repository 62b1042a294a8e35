import { Router } from 'express'
import { pool } from '../db.js'

export const reviews = Router()

/** What customers say, newest first. */
reviews.get('/', async (_req, res) => {
  const { rows } = await pool.query(
    'select id, product_id, user_id, stars, remark, written_at from reviews order by written_at desc',
  )
  res.json(rows)
})
