'use strict'
const { make } = require('./fastify.cjs')
const { serve } = require('./serve.cjs')
const app = make(require('fastify4'))
app.ready().then(() => serve(app.server))
