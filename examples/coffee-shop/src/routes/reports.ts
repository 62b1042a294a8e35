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
    `select branch_id, sum(total_cents)::int as sold_cents
       from orders group by branch_id order by branch_id`,
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
