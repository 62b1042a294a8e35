'use strict'
/**
 * One app for every library: `STACK` names the file with its ways to make statements, `FRAMEWORK` what serves
 * them, each way under a route of its own: `GET /WAY/:n`. What a way does carries the number of its request.
 */
const { createRequire } = require('node:module')

const load = process.env.STACKS ? createRequire(process.env.STACKS) : require

void (async () => {
  const { ways, end } = await require(`./${process.env.STACK}.cjs`)(load)
  const serve = require('./frameworks.cjs')[process.env.FRAMEWORK ?? 'http']
  const close = await serve(load, ways, port => process.send({ port }))
  process.once('disconnect', async () => {
    await close()
    await end?.()
  })
})()
