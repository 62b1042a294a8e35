export default { service: 'http2', routes: { 'GET /menu': { cache: { ttl: '10m' } } } }
