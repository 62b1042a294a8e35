import { Router } from 'express'
import { pool } from '../db.js'
import { HttpError } from '../errors.js'
import { readKey } from '../input.js'

const PAGE_ROWS = 20

export const products = Router()

/** One page of the catalogue; `after` is the last number of the page before. */
products.get('/', async (req, res) => {
  const after = req.query.after === undefined ? 0 : readKey(req.query.after, 'after')
  const { rows } = await pool.query(
    `select id, title, category, price_cents from products
      where id > $1 order by id limit $2`,
    [after, PAGE_ROWS],
  )
  res.json(rows)
})

/** Several products at once: `?ids=3,5,8`. */
products.get('/several', async (req, res) => {
  const given = String(req.query.ids ?? '').split(',')
  if (given.length > 100) throw new HttpError(400, 'at most 100 ids')
  const keys = given.map(part => readKey(part, 'ids'))
  const { rows } = await pool.query(
    'select id, title, category, price_cents from products where id = any($1) order by id',
    [keys],
  )
  res.json(rows)
})
