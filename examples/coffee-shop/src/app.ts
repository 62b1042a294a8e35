import express, { type Express } from 'express'
import { answerError, answerNotFound } from './errors.js'
import { beans } from './routes/beans.js'
import { branches } from './routes/branches.js'
import { deliveries } from './routes/deliveries.js'
import { health } from './routes/health.js'
import { menu } from './routes/menu.js'
import { orders } from './routes/orders.js'
import { products } from './routes/products.js'
import { receipts } from './routes/receipts.js'
import { reports } from './routes/reports.js'
import { reviews } from './routes/reviews.js'
import { sessions } from './routes/sessions.js'
import { stock } from './routes/stock.js'
import { subscribers } from './routes/subscribers.js'
import { users } from './routes/users.js'

/** The shop's API, ready to listen. */
export function createShop(): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(express.json({ limit: '100kb' }))

  app.use('/beans', beans)
  app.use('/branches', branches)
  app.use('/deliveries', deliveries)
  app.use('/health', health)
  app.use('/menu', menu)
  app.use('/orders', orders)
  app.use('/products', products)
  app.use('/receipts', receipts)
  app.use('/reports', reports)
  app.use('/reviews', reviews)
  app.use('/sessions', sessions)
  app.use('/stock', stock)
  app.use('/subscribers', subscribers)
  app.use('/users', users)

  app.use(answerNotFound)
  app.use(answerError)
  return app
}
