import { Router } from 'express'
import { inTransaction } from '../db.js'
import { onlyRow, readItems, readKey, readText } from '../input.js'

export const deliveries = Router()

/** Books a delivery with all its sacks, or nothing of it. */
deliveries.post('/', async (req, res) => {
  const supplier = readText(req.body?.supplier, 'supplier')
  const sacks = readItems(req.body?.sacks, 'sacks').map(sack => ({
    bean_id: readKey(sack.bean_id, 'bean_id'),
    kilograms: readKey(sack.kilograms, 'kilograms'),
  }))
  const booked = await inTransaction(async client => {
    const { rows } = await client.query<{ id: number }>(
      'insert into deliveries (supplier) values ($1) returning id',
      [supplier],
    )
    const { id } = onlyRow(rows, 'delivery')
    for (const { bean_id, kilograms } of sacks) {
      await client.query(
        'insert into delivery_sacks (delivery_id, bean_id, kilograms) values ($1, $2, $3)',
        [id, bean_id, kilograms],
      )
    }
    return id
  })
  res.status(201).json({ id: booked })
})
