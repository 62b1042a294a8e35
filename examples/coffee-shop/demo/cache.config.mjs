/** The fix of `npm start -- --with cache`: what a person would write beside the shop. */
import { varnish } from 'hotpath/cdn'
import pg from 'pg'

/** Varnish, where the demo has put one in front. */
const { FRONT_URL } = process.env

export default {
  service: 'coffee-shop',
  ...(FRONT_URL ? { cdn: { purge: [varnish({ url: FRONT_URL })] } } : {}),
  routes: {
    'GET /menu': {
      cache: { ttl: '30s', stale: '10m', ...(FRONT_URL ? { cdn: { ttl: '1h' } } : {}) },
    },
  },
  // What the menu is made of, and what writes touch, is noted.
  queries: { observe: true },
  // Writes of others are heard from tables with the triggers of `hotpath triggers`.
  invalidation: { listen: () => new pg.Client(process.env.DATABASE_URL) },
}
