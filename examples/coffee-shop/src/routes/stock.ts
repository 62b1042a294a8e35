import { Router } from 'express'
import { pool } from '../db.js'
import { readKey } from '../input.js'

export const stock = Router()

/** What has run out, over all branches: the buyers' list. */
stock.get('/shortages', async (_req, res) => {
  const { rows } = await pool.query(
    'select branch_id, article from stock where pieces = 0 order by branch_id, article',
  )
  res.json(rows)
})

/** A branch closes for the day: what it sold goes off the pieces of each of its articles. */
stock.post('/:branch/closing', async (req, res) => {
  const { rowCount } = await pool.query(
    `update stock set pieces = greatest(pieces - sold_today, 0), sold_today = 0
      where branch_id = $1`,
    [readKey(req.params.branch, 'branch')],
  )
  res.json({ articles: rowCount })
})
