import crypto = require('node:crypto')
import http = require('node:http')
import hooks = require('node:perf_hooks')

/** An app that can do so much and no more: by its processor, or by ten connections behind it. */
const iterations = Number(process.env['BENCH_ITERATIONS'])
const waitMs = Number(process.env['BENCH_WAIT_MS'])
const connections = 10

/** Keeps the event loop: so much work, and not so much time, which others on the machine could spend. */
function compute(): void {
  crypto.pbkdf2Sync('a', 'b', iterations, 32, 'sha256')
}

let busy = 0
const waiting: (() => void)[] = []

/** Ten at a time, the others in the order of their coming, as a pool of connections has them. */
async function borrow(): Promise<void> {
  if (busy >= connections) await new Promise<void>(resolve => void waiting.push(resolve))
  else busy++
  await new Promise(resolve => setTimeout(resolve, waitMs))
  const next = waiting.shift()
  if (next === undefined) busy--
  else next()
}

const body = JSON.stringify({ ok: true })
const server = http.createServer(async (request, response) => {
  if (request.url === '/cpu') compute()
  else await borrow()
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', body.length)
  response.end(body)
})
// At low loads most of the connections wait for long.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
/** How often the loop is looked at: that is in what it records. */
const lookMs = 10
const delay = hooks.monitorEventLoopDelay({ resolution: lookMs })
delay.enable()
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const delayMs = Math.max(0, delay.percentile(99) / 1e6 - lookMs)
  delay.reset()
  process.send?.({ cpuUs: user + system, rssBytes: process.memoryUsage.rss(), delayMs })
})
process.once('disconnect', () => process.exit())
