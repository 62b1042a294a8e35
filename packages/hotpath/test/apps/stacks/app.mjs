/** `app.cjs` as an app of ES modules: what its libraries have for those is another copy. */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const load = process.env.STACKS ? createRequire(process.env.STACKS) : require
const { default: stack } = await import(`./${process.env.STACK}.mjs`)
const { ways, end } = await stack(load)
const { [process.env.FRAMEWORK ?? 'http']: serve } = require('./frameworks.cjs')
/** What has a copy of its own for ES modules. */
const own =
  process.env.FRAMEWORK === 'hono' ? [await import('hono'), await import('@hono/node-server')] : []
const close = await serve(load, ways, port => process.send({ port }), ...own)
process.once('disconnect', async () => {
  await close()
  await end?.()
})
