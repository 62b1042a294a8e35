import { createServer } from 'node:http'
import routes from './express-routes.cjs'
import { serve } from './serve.cjs'

const major = Number(process.env.EXPRESS)
const { default: express } = await (major === 4 ? import('express4') : import('express'))
serve(createServer(routes.makeApp(express, major)))
