import { Router } from 'express'
import { pool } from '../db.js'

interface Dish {
  id: number
  title: string
  category: string
  price_cents: number
  sold: number
}

export const menu = Router()

/** The menu by category, what sells best first. */
menu.get('/', async (_req, res) => {
  const { rows } = await pool.query<Dish>(
    `select p.id, p.title, p.category, p.price_cents, coalesce(sum(l.quantity), 0)::int as sold
       from products p left join order_lines l on l.product_id = p.id
      where p.available
      group by p.id
      order by p.category, sold desc, p.id`,
  )
  const sections: Record<string, Dish[]> = {}
  for (const dish of rows) {
    sections[dish.category] ??= []
    sections[dish.category]?.push(dish)
  }
  res.json(sections)
})
