import http = require('node:http')

/** An app that can do so much and no more: by its processor, or by ten connections behind it. */
const cpuMs = Number(process.env['BENCH_CPU_MS'])
const waitMs = Number(process.env['BENCH_WAIT_MS'])
const connections = 10

/** Keeps the event loop for so long. */
function compute(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
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
  if (request.url === '/cpu') compute(cpuMs)
  else await borrow()
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', body.length)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
process.once('disconnect', () => process.exit())
