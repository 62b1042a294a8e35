'use strict'
/** Clients of Redis and Memcached. A request makes one to three commands, as its number says. */
const KEY = 'planted-key'
const VALUE = 'planted-value'

const times = async (n, ask) => {
  for (let at = 0; at <= n % 3; at++) await ask(at)
}
const called = ask => new Promise((resolve, reject) => ask(e => (e ? reject(e) : resolve())))

module.exports = async load => {
  const ways = {}
  const ends = []
  const { REDIS_PORT, MEMCACHED_PORT } = process.env
  const clients = {
    'ioredis-6': require('ioredis'),
    'ioredis-5': load('ioredis'),
  }
  for (const [name, { Redis }] of Object.entries(clients)) {
    const redis = new Redis(Number(REDIS_PORT), '127.0.0.1')
    ends.push(() => redis.quit())
    ways[`${name}-promise`] = n => times(n, () => redis.get(KEY))
    ways[`${name}-callback`] = n =>
      called(done => {
        const next = at => (at > n % 3 ? done() : redis.get(KEY, () => next(at + 1)))
        next(0)
      })
    ways[`${name}-pipeline`] = async n => {
      const pipeline = redis.pipeline()
      for (let at = 0; at <= n % 3; at++) pipeline.get(KEY)
      await pipeline.exec()
    }
    ways[`${name}-fails`] = n =>
      times(n, () => redis.call('get', KEY, VALUE).then(Error, error => error))
  }
  const { createClient } = require('redis')
  const redis = createClient({ socket: { port: Number(REDIS_PORT), host: '127.0.0.1' } })
  await redis.connect()
  ends.push(() => redis.close())
  ways['redis-promise'] = n => times(n, () => redis.get(KEY))
  ways['redis-multi'] = async n => {
    const multi = redis.multi()
    for (let at = 0; at <= n % 3; at++) multi.get(KEY)
    await multi.execAsPipeline()
  }
  ways['redis-fails'] = n =>
    times(n, () => redis.sendCommand(['GET', KEY, VALUE]).then(Error, error => error))

  ways['redis-misspelt'] = n =>
    times(n, () => redis.sendCommand(['planted', KEY]).then(Error, e => e))

  const memjs = require('memjs').Client.create(`127.0.0.1:${MEMCACHED_PORT}`)
  ends.push(() => memjs.close())
  ways['memjs-promise'] = n => times(n, () => memjs.get(KEY))
  ways['memjs-callback'] = n =>
    called(done => {
      const next = at => (at > n % 3 ? done() : memjs.get(KEY, () => next(at + 1)))
      next(0)
    })
  const Memcached = load('memcached')
  const memcached = new Memcached(`127.0.0.1:${MEMCACHED_PORT}`, { poolSize: 2 })
  ends.push(() => memcached.end())
  ways.memcached = n =>
    called(done => {
      const next = at => (at > n % 3 ? done() : memcached.get(KEY, () => next(at + 1)))
      next(0)
    })
  return {
    ways,
    async end() {
      for (const end of ends) await end()
    },
  }
}
