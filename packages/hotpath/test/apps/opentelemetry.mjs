import http from 'node:http'
import work from './opentelemetry-work.cjs'
import { serve } from './serve.cjs'

const apis = {
  1.4: () => import('opentelemetry-api-1.4'),
  1.9: () => import('opentelemetry-api-1.9'),
  '1.10': () => import('@opentelemetry/api'),
}
work.work(await apis[process.env.API](), http, serve)
