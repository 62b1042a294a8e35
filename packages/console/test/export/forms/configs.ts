import type { Config } from 'hotpath/config'

/** Configs as users have them, and their corners: each edge has to write all of them in its own form. */
export const configs: Readonly<Record<string, Config>> = {
  'a shop': {
    service: 'coffee shop',
    trustProxy: ['10.0.0.0/8'],
    routes: {
      'GET /menu': { cache: { ttl: '30s', key: { headers: ['accept-language'] } } },
      'POST /orders/:id': {
        limit: { rate: ['5/s', '100/h'], by: 'key' },
        bodyLimit: '64kb',
      },
      'GET /search': { throttle: { rate: '20/s' } },
      'PUT /stock': { limit: { rate: '1000/d', by: 'key' }, concurrency: 4 },
      '*': { limit: { rate: '50/s', by: 'ip' } },
    },
  },
  nothing: {},
  'one route': { routes: { 'GET /menu': { limit: { rate: '10/s' } } } },
  'all clients by key': {
    routes: {
      '*': { limit: { rate: ['10/s', '1000/d', '5000/7d'], by: 'key', keyHeader: 'x-shop' } },
      'GET /menu': { limit: { rate: ['20/s', '200/m', '5000/30d'], by: 'key' } },
    },
  },
  'the root, and what lies below': {
    routes: {
      'GET /': { limit: { rate: '10/s' }, cache: { ttl: '1s' } },
      'GET /*': { throttle: { rate: '5/s' } },
      'POST /files/*': { limit: { rate: '1/s', by: 'key' } },
    },
  },
  'variables with several names in one place': {
    routes: {
      'GET /users/:id': { throttle: { rate: '5/s' } },
      'GET /users/:user/orders/:order': { limit: { rate: '5/s', by: 'key' } },
      'DELETE /users/*': { throttle: { rate: '1/s' } },
      'GET /:page': { cache: { ttl: '1h' } },
    },
  },
  'names that look alike': {
    routes: {
      'GET /a/b': { limit: { rate: '1/s' } },
      'GET /a-b': { limit: { rate: '2/s' } },
      'GET /a~b': { limit: { rate: '3/s', by: 'key' } },
      'GET /a.b/%20c': { throttle: { rate: '4/s' } },
    },
  },
  'what an edge has no equivalent for': {
    shed: { loopDelay: '200ms' },
    trustProxy: 2,
    routes: {
      'GET /a': { limit: { rate: '20/15m', penalty: { after: 3, within: '1m', for: '1m' } } },
      'GET /b': { limit: { rate: '1/s', by: () => 'somebody' }, priority: 'low' },
      'GET /c': { throttle: { rate: '1/s', mode: 'shadow' }, concurrency: 'adaptive' },
      'GET /d': { cache: { ttl: '2h', stale: '1h', compress: false }, bodyLimit: '20mb' },
      'GET /e': { throttle: { rate: '100/h' }, limit: { rate: '10/s', burst: 2 } },
      'PURGE /f': { throttle: { rate: '1/s' } },
    },
  },
}
