/** The roastery's own service: what was roasted, and what the scale under each silo says. */
import { setTimeout as delay } from 'node:timers/promises'
import express from 'express'
import { config } from './config.js'
import { pool } from './db.js'
import { answerError, answerNotFound } from './errors.js'
import { onlyRow, readKey } from './input.js'
import { serveUntilStopped } from './lifecycle.js'

/** The scale reports once it has come to rest. */
const SCALE_SETTLES_MS = 120

interface Roast {
  id: number
  roasted_at: Date
  kilograms_left: string
}

const app = express()
app.disable('x-powered-by')

app.get('/roasts/:bean_id', async (req, res) => {
  const key = readKey(req.params.bean_id, 'bean_id')
  const { rows } = await pool.query<Roast>(
    'select id, roasted_at, kilograms_left from roasts where bean_id = $1 order by roasted_at desc limit 1',
    [key],
  )
  const roast = onlyRow(rows, 'roast')
  await delay(SCALE_SETTLES_MS)
  res.json(roast)
})

app.get('/health', (_req, res) => {
  res.json({ ok: true })
})

app.use(answerNotFound)
app.use(answerError)

await serveUntilStopped(app, config.roasteryPort, 'roastery')
