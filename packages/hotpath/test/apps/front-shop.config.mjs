import { nginx, varnish } from 'hotpath/cdn'
import pg from 'pg'

const { FRONT, FRONT_URL: url, LISTEN } = process.env
const cache = { ttl: '10m', cdn: { ttl: '1h' } }

export default {
  service: 'front-shop',
  cdn: { purge: [FRONT === 'nginx' ? nginx({ url }) : varnish({ url })] },
  routes: {
    'GET /menu': { cache },
    'GET /dishes/:id': { cache },
    'GET /slow/:id': { cache },
    'GET /specials': { cache },
    'GET /me': { cache },
  },
  ...(LISTEN === undefined
    ? {}
    : { invalidation: { listen: () => new pg.Client(process.env.DATABASE_URL) } }),
}
