import { Router } from 'express'
import { pool } from '../db.js'
import { onlyRow, readKey, readText } from '../input.js'

interface Subscriber {
  id: number
  email: string
  full_name: string
  preferences: Record<string, unknown>
}

export const subscribers = Router()

/** Does this address get the newsletter? Asked by the unsubscribe form. */
subscribers.get('/lookup', async (req, res) => {
  const { rows } = await pool.query<Subscriber>(
    'select id, email, full_name, preferences from subscribers where email = $1',
    [readText(req.query.email, 'email')],
  )
  res.json(onlyRow(rows, 'subscriber'))
})

subscribers.get('/:id', async (req, res) => {
  const { rows } = await pool.query<Subscriber>(
    'select id, email, full_name, preferences from subscribers where id = $1',
    [readKey(req.params.id, 'id')],
  )
  res.json(onlyRow(rows, 'subscriber'))
})
