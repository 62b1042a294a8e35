/** One of two instances, as on two machines: the same port, another address. Its answers tell whose they are. */
import { createServer } from 'node:http'
import { cache } from '../../dist/cache/index.js'

const { NAME, HOST, PORT } = process.env
let version = 1

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://a')
  const { pathname } = url
  response.setHeader('content-type', 'text/plain')
  if (pathname === '/set') {
    version = Number(url.searchParams.get('to'))
    return response.end()
  }
  if (pathname === '/drop') {
    const tag = url.searchParams.get('tag') ?? 'menu'
    return response.end(String(await cache.invalidate([tag])))
  }
  if (request.method === 'POST') return response.writeHead(204).end()
  if (pathname === '/me') return response.end(`user ${request.headers.cookie ?? 'nobody'}`)
  if (pathname === '/page') return response.end(`page by ${NAME} ${'coffee '.repeat(400)}`)
  if (pathname === '/own') response.setHeader('cache-control', 'private')
  const language = pathname === '/other' ? request.headers['accept-language'] : ''
  // No two answers of the second are equal: by itself it would never earn that it serves them.
  const odd = pathname === '/cold' && NAME === 'b' ? Math.random() : ''
  response.end(`${odd}${pathname} made by ${NAME} of ${version} ${language}`)
})

server.listen(Number(PORT), HOST, () => process.send({ port: server.address().port }))
// The client of Redis would keep it alive.
process.once('disconnect', () => process.exit(0))
