import Fastify from 'fastify'
import { serve } from './serve.cjs'
import routes from './fastify.cjs'

// The same routes; the import of its own shows that an ESM app's Fastify is the one that is seen.
if (typeof Fastify !== 'function') throw new Error('no Fastify')
const app = routes.make()
await app.ready()
serve(app.server)
