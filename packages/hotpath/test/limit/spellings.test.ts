import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { observe } from '../observed.js'
import { until } from '../serve/cached-server.js'
import { type Answered, ask, type Spelling, spellings } from './spellings.js'

/**
 * A limit that nobody reaches, and that says on each answer that it was charged: so it is seen of each spelling
 * whether it was, and beside it whether the handler ran.
 */
const folder = mkdtempSync(join(tmpdir(), 'hotpath-limit-'))
after(() => rmSync(folder, { recursive: true }))
const config = join(folder, 'hotpath.config.json')
const limit = { rate: '900000/s', headers: 'always' }
const policy = { limit }
writeFileSync(
  config,
  JSON.stringify({
    routes: {
      'GET /orders': policy,
      'POST /orders': policy,
      'GET /users/:id/orders': policy,
    },
  }),
)

const COUNT = 5_000
/** For second versions and settings of the same framework. */
const FEW = 1_000
const SECOND = ['express4', 'fastify4', 'fastify5 lenient', 'hono cjs', 'node', 'koa']
const AT_ONCE = 32

/** What came of each spelling, as many at once as the agent has sockets. */
async function askAll(port: number, all: readonly Spelling[]): Promise<Answered[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const answers: Answered[] = new Array<Answered>(all.length)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let n = next++; n < all.length; n = next++)
      answers[n] = await ask(port, agent, all[n] as Spelling)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  agent.destroy()
  return answers
}

const isLimited = (handler: unknown) => typeof handler === 'string' && !handler.endsWith('/menu')

/** Routers that tell which route they reached. */
const TELLING = [
  'express4',
  'express5',
  'fastify4',
  'fastify5',
  'fastify5 lenient',
  'koa router',
  'hono',
  'hono cjs',
]
/** Of the others only the path is known: the limit is on the safe side there. */
const SILENT = ['node', 'koa']

for (const framework of [...TELLING, ...SILENT]) {
  const isExact = TELLING.includes(framework)
  const title = isExact
    ? 'exactly where the handler is reached'
    : 'wherever the handler is reached, and perhaps elsewhere'
  const count = SECOND.includes(framework) ? FEW : COUNT
  test(`${framework}: of ${count} spellings the limit holds ${title}`, async () => {
    const all = spellings(count)
    const seen = await observe(
      framework === 'hono' ? 'limited.mjs' : 'limited.cjs',
      async app => {
        const agent = new Agent()
        const first = { method: 'GET', target: '/orders' }
        await until(
          async () => (await ask(app.port, agent, first)).headers.ratelimit !== undefined,
          'the config to be read',
        )
        const answers = await askAll(app.port, all)
        let [handled, unhandled] = [0, 0]
        for (const [n, { headers, status }] of answers.entries()) {
          const said = JSON.stringify({ ...all[n], status, handler: headers['x-handler'] })
          const charged = headers.ratelimit !== undefined
          const reached = isLimited(headers['x-handler'])
          if (reached) assert.ok(charged, `passed by: ${said}`)
          else if (isExact) assert.ok(!charged, `charged for nothing: ${said}`)
          if (reached) handled++
          else unhandled++
        }
        assert.ok(handled > 50 && unhandled > 50, `${handled} and ${unhandled}`)
      },
      { FRAMEWORK: framework, HOTPATH_CONFIG: config },
    )
    assert.deepEqual(seen.errors, [])
  })
}
