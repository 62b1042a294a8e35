import { Router } from 'express'
import { pool } from '../db.js'
import { onlyRow, readKey } from '../input.js'

interface Receipt {
  id: number
  order_id: number
  region: string
  issued_at: Date
}

interface ReceiptLine {
  title: string
  quantity: number
  unit_cents: number
}

export const receipts = Router()

/** The tax of one region, in per cent. */
async function findTaxRate(region: string): Promise<number> {
  const { rows } = await pool.query<{ rate_percent: number }>(
    'select rate_percent from tax_rates where region = $1 order by valid_from desc limit 1',
    [region],
  )
  return onlyRow(rows, 'tax rate').rate_percent
}

receipts.get('/:id', async (req, res) => {
  const found = await pool.query<Receipt>(
    'select id, order_id, region, issued_at from receipts where id = $1',
    [readKey(req.params.id, 'id')],
  )
  const receipt = onlyRow(found.rows, 'receipt')
  const { rows } = await pool.query<ReceiptLine>(
    `select p.title, l.quantity, l.unit_cents
       from order_lines l join products p on p.id = l.product_id
      where l.order_id = $1
      order by l.id`,
    [receipt.order_id],
  )
  const printed: (ReceiptLine & { tax_cents: number })[] = []
  for (const line of rows) {
    const rate = await findTaxRate(receipt.region)
    const tax_cents = Math.round((line.quantity * line.unit_cents * rate) / 100)
    printed.push({ ...line, tax_cents })
  }
  res.json({ ...receipt, printed })
})
