'use strict'
const http = require('node:http')
const { serve } = require('./serve.cjs')

const apis = {
  1.4: () => require('opentelemetry-api-1.4'),
  1.9: () => require('opentelemetry-api-1.9'),
  '1.10': () => require('@opentelemetry/api'),
}
require('./opentelemetry-work.cjs').work(apis[process.env.API](), http, serve)
