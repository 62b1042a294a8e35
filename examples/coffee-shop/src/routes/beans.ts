import { Router } from 'express'
import { config } from '../config.js'
import { pool } from '../db.js'
import { HttpError } from '../errors.js'
import { onlyRow, readKey } from '../input.js'

export const beans = Router()

/** What is left of a bean: our name for it, and the roastery's word on the stock. */
beans.get('/:id/stock', async (req, res) => {
  const key = readKey(req.params.id, 'id')
  const { rows } = await pool.query('select id, variety, origin from beans where id = $1', [key])
  const bean = onlyRow(rows, 'bean')
  const response = await fetch(`${config.roasteryUrl}/roasts/${key}`)
  if (!response.ok) throw new HttpError(502, `the roastery answered ${response.status}`)
  res.json({ ...bean, roast: await response.json() })
})
