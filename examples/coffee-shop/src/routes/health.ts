import { Router } from 'express'
import { pool } from '../db.js'

export const health = Router()

health.get('/', async (_req, res) => {
  await pool.query('select 1')
  res.json({ ok: true })
})
