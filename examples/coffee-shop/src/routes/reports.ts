import { Router } from 'express'
import { pool } from '../db.js'

interface BranchSales {
  branch_id: number
  sold_cents: number
}

interface Favourite {
  product_id: number
  sold: number
}

export const reports = Router()

async function salesByBranch(): Promise<BranchSales[]> {
  const { rows } = await pool.query<BranchSales>(
    `select o.branch_id, sum(l.quantity * l.unit_cents)::int as sold_cents
       from order_lines l join orders o on o.id = l.order_id
      group by o.branch_id order by o.branch_id`,
  )
  return rows
}

async function favouriteProducts(): Promise<Favourite[]> {
  const { rows } = await pool.query<Favourite>(
    `select product_id, sum(quantity)::int as sold
       from order_lines group by product_id order by sold desc, product_id limit 10`,
  )
  return rows
}

reports.get('/sales', async (_req, res) => {
  const sales = await salesByBranch()
  const favourites = await favouriteProducts()
  res.json({ sales, favourites })
})
