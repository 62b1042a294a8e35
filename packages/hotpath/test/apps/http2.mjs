/** One server that speaks HTTP/1 and HTTP/2, its answers counted; a mount and a config want to keep them. */
import { createSecureServer } from 'node:http2'
import { cacheResponses } from '../../dist/web/express.js'

const { KEY, CERT } = process.env
const mount = cacheResponses({ ttl: '10m' })
let menu = 0
let version = 1

const server = createSecureServer(
  { key: KEY, cert: CERT, allowHTTP1: true },
  (request, response) => {
    if (request.method === 'POST') {
      version++
      response.statusCode = 204
      return response.end()
    }
    response.setHeader('content-type', 'text/plain')
    if (request.url === '/mounted')
      return mount(request, response, () => response.end(`mounted ${version}`))
    response.setHeader('x-runs', ++menu)
    response.end(`menu ${version}`)
  },
)

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.once('disconnect', () => process.exit(0))
