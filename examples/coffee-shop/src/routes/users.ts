import { Router } from 'express'
import { pool } from '../db.js'
import { onlyRow, readKey } from '../input.js'

interface User {
  id: number
  full_name: string
  email: string
  loyalty_points: number
}

interface Address {
  street: string
  city: string
  postal_code: string
}

export const users = Router()

/** The members' page of the back office: everyone with an address. */
users.get('/', async (_req, res) => {
  const { rows: everyone } = await pool.query<User>(
    'select id, full_name, email, loyalty_points from users order by id',
  )
  const page: (User & { address: Address | null })[] = []
  for (const user of everyone) {
    const { rows } = await pool.query<Address>(
      'select street, city, postal_code from addresses where user_id = $1',
      [user.id],
    )
    page.push({ ...user, address: rows[0] ?? null })
  }
  res.json(page)
})

users.get('/:id', async (req, res) => {
  const { rows } = await pool.query<User>(
    'select id, full_name, email, loyalty_points from users where id = $1',
    [readKey(req.params.id, 'id')],
  )
  res.json(onlyRow(rows, 'user'))
})

users.get('/:id/profile', async (req, res) => {
  const { rows } = await pool.query('select * from profiles where user_id = $1', [
    readKey(req.params.id, 'id'),
  ])
  res.json(onlyRow(rows, 'profile'))
})

/** The last twenty orders, for the member's account page. */
users.get('/:id/orders', async (req, res) => {
  const { rows } = await pool.query(
    `select o.id, o.placed_at, o.state, o.total_cents, b.label
       from orders o join branches b on b.id = o.branch_id
      where o.user_id = $1
      order by o.id desc limit 20`,
    [readKey(req.params.id, 'id')],
  )
  res.json(rows)
})
