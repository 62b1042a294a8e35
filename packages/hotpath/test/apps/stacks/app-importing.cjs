'use strict'
/**
 * `app.cjs` with libraries that it loads as ES modules: by `import()` of each, or of a module that imports them
 * (`LIBRARIES`), or by `require` of that.
 */
const { createRequire } = require('node:module')
const { pathToFileURL } = require('node:url')

const { FRAMEWORK, LIBRARIES, LOADED_BY, STACK, STACKS } = process.env
const load = createRequire(STACKS)
const imported = name => import(pathToFileURL(load.resolve(name).replace(/js$/, 'mjs')).href)

const libraries = {
  import: () => import(pathToFileURL(LIBRARIES).href),
  require: () => require(LIBRARIES),
  directly: async () => ({
    hono: await import('hono'),
    nodeServer: await import('@hono/node-server'),
    Router: (await imported('@koa/router')).default,
    PQueue: (await import(pathToFileURL(load.resolve('p-queue')).href)).default,
  }),
}

void (async () => {
  const { hono, nodeServer, Router, PQueue } = await libraries[LOADED_BY]()
  const { ways, end } = await require(`./${STACK}.cjs`)(load, PQueue)
  const serve = require('./frameworks.cjs')[FRAMEWORK]
  const own = FRAMEWORK === 'hono' ? [hono, nodeServer] : [Router]
  const close = await serve(load, ways, port => process.send({ port }), ...own)
  process.once('disconnect', async () => {
    await close()
    await end()
  })
})()
