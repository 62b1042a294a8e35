// Says what the recorder did to this process. Loaded twice, by a flag and by NODE_OPTIONS.
import http from 'node:http'

const recorder = globalThis[Symbol.for('hotpath.recorder')]
const server = http.createServer((_, response) => response.end('hello'))
server.listen(0, '127.0.0.1', async () => {
  await (await fetch(`http://127.0.0.1:${server.address().port}/hello`)).text()
  console.log(JSON.stringify({ attached: recorder !== undefined, signals: signals() }))
  server.close()
  server.closeAllConnections()
})

const signals = () => process.eventNames().filter(name => String(name).startsWith('SIG'))
