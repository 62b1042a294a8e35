'use strict'
const http = require('node:http')
const { makeApp } = require('./express-routes.cjs')
const { serve } = require('./serve.cjs')
const major = Number(process.env.EXPRESS)
serve(http.createServer(makeApp(require(major === 4 ? 'express4' : 'express'), major)))
