'use strict'
const { make } = require('./fastify.cjs')
const { serve } = require('./serve.cjs')
const app = make()
app.ready().then(() => serve(app.server))
