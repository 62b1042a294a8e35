/** `app.cjs` as an app of ES modules: what its libraries have for those is another copy. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const load = process.env.STACKS ? createRequire(process.env.STACKS) : require
const { default: stack } = await import(`./${process.env.STACK}.mjs`)
const { ways, end } = await stack(load)
const { [process.env.FRAMEWORK ?? 'http']: serve } = require('./frameworks.cjs')
/** What has a copy of its own for ES modules. */
const esModules = {
  hono: async () => [await import('hono'), await import('@hono/node-server')],
  koa: async () => {
    const commonJs = pathToFileURL(load.resolve('@koa/router')).href
    const { default: Router } = await import(commonJs.replace(/js$/, 'mjs'))
    return [Router]
  },
}
const own = (await esModules[process.env.FRAMEWORK]?.()) ?? []
const close = await serve(load, ways, port => process.send({ port }), ...own)
process.once('disconnect', async () => {
  await close()
  await end?.()
})
