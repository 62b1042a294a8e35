'use strict'
const answer = (req, res) => res.json({ params: req.params })

/** Routes of every kind that Express has; the same app for both of its major versions. */
exports.makeApp = (express, major) => {
  const app = express()
  const splat = major === 5 ? '*rest' : '*'

  app.use((req, res, next) => next())
  app.get('/', answer)
  app.get('/users/:id', answer)
  app.route('/users/:id/card').get(answer).put(answer)
  app.get(['/tea/:leaf', '/coffee/:bean'], answer)
  app.get(/^\/r(\d+)$/, answer)
  app.all('/any/:thing', answer)
  app.get(`/files/${splat}`, answer)

  // Hands on: another route answers.
  app.get('/both/:a', (req, res, next) => next())
  app.get('/both/:b', (req, res, next) => next('route'), answer)
  app.get('/both/:c', answer)
  // Hands on after it answered.
  app.get('/after/:id', (req, res, next) => {
    answer(req, res)
    next()
  })

  const orders = express.Router({ mergeParams: true })
  orders.param('oid', (_req, _res, next) => setImmediate(next))
  orders.get('/', answer)
  orders.get('/:oid', answer)
  orders.get('/:oid/fails', () => {
    throw new Error('no')
  })
  const users = express.Router()
  users.use('/:uid/orders', orders)
  users.get('/list/', answer)
  app.use('/shop', (req, res, next) => next())
  app.use('/shop/', users)
  app.use(['/old/:v', '/older'], users)

  const bare = express.Router()
  bare.get('', answer)
  app.use('/bare', bare)

  const admin = express()
  admin.get('/stats/:day', answer)
  app.use('/admin', admin)

  // Answers without a route of its own, as serve-static and GraphQL servers do.
  app.use('/graphql', (req, res) => res.json({}))
  app.use('/guarded', (req, res, next) => (req.query.key ? next() : res.status(401).json({})))
  app.use('/guarded', (req, res, next) => next())

  app.get('/fails/:id', (req, res, next) => next(new Error('no')))
  app.use((_error, _req, res, _next) => res.status(500).json({}))
  return app
}
