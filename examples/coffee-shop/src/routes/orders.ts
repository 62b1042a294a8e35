import { setTimeout as delay } from 'node:timers/promises'
import { Router } from 'express'
import { inTransaction, pool } from '../db.js'
import { onlyRow, readItems, readKey } from '../input.js'
import { sendMail } from '../mailer.js'

/** A browser asks for news of its order and waits at most this long for an answer. */
const NEWS_WAIT_MS = 500
const NEWS_EVERY_MS = 125

/** Rows of one round trip of the archive. */
const ARCHIVE_CHUNK = 1_000

export const orders = Router()

orders.post('/', async (req, res) => {
  const userKey = readKey(req.body?.user_id, 'user_id')
  const lines = readItems(req.body?.lines, 'lines')
  const productKeys = lines.map(line => readKey(line.product_id, 'product_id'))
  const quantities = lines.map(line => readKey(line.quantity, 'quantity'))

  const owner = await pool.query<{ email: string }>('select email from users where id = $1', [
    userKey,
  ])
  const { email } = onlyRow(owner.rows, 'user')
  const placed = await inTransaction(async client => {
    const { rows } = await client.query<{ id: number }>(
      `insert into orders (user_id, branch_id, state, total_cents)
       values ($1, 1, 'placed', 0) returning id`,
      [userKey],
    )
    const { id } = onlyRow(rows, 'order')
    await client.query(
      `insert into order_lines (order_id, product_id, quantity, unit_cents)
       select $1, p.id, given.quantity, p.price_cents
         from unnest($2::int[], $3::int[]) as given (product_id, quantity)
         join products p on p.id = given.product_id`,
      [id, productKeys, quantities],
    )
    await client.query(
      `update orders
          set total_cents = (select coalesce(sum(quantity * unit_cents), 0) from order_lines where order_id = $1)
        where id = $1`,
      [id],
    )
    return id
  })
  await sendMail({ to: email, subject: `Your order ${placed}`, body: 'We are on it.' })
  res.status(201).json({ id: placed })
})

/** All orders as lines of JSON, for the accountants: read in chunks, never held whole. */
orders.get('/archive', async (_req, res) => {
  res.type('application/x-ndjson')
  let last = 0
  for (;;) {
    const { rows } = await pool.query<{ id: number }>(
      `select id, user_id, branch_id, state, placed_at, total_cents
         from orders where id > $1 order by id limit $2`,
      [last, ARCHIVE_CHUNK],
    )
    for (const row of rows) res.write(`${JSON.stringify(row)}\n`)
    last = rows.at(-1)?.id ?? last
    if (rows.length < ARCHIVE_CHUNK || res.destroyed) break
  }
  res.end()
})

orders.get('/:id', async (req, res) => {
  const { rows } = await pool.query(
    `select o.id, o.state, o.placed_at, o.total_cents, l.quantity, l.unit_cents, p.title
       from orders o
       join order_lines l on l.order_id = o.id
       join products p on p.id = l.product_id
      where o.id = $1
      order by l.id`,
    [readKey(req.params.id, 'id')],
  )
  onlyRow(rows, 'order')
  res.json(rows)
})

/** Answers as soon as the order is ready, or says after half a second that it is not. */
orders.get('/:id/progress', async (req, res) => {
  const key = readKey(req.params.id, 'id')
  const tries = NEWS_WAIT_MS / NEWS_EVERY_MS
  for (let attempt = 1; ; attempt += 1) {
    const { rows } = await pool.query<{ state: string }>('select state from orders where id = $1', [
      key,
    ])
    const { state } = onlyRow(rows, 'order')
    if (state === 'ready' || attempt > tries) {
      res.json({ state })
      return
    }
    await delay(NEWS_EVERY_MS)
  }
})
