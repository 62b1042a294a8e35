'use strict'
/** ioredis and redis over a cluster in which what is asked for lies elsewhere. A request makes one to three commands. */
const { CLUSTER_PORT, MOVED, ASKED } = process.env
const slot = Number(process.env.MOVED_SLOT)
const VALUE = 'planted-value'

const times = async (n, ask) => {
  for (let at = 0; at <= n % 3; at++) await ask(at)
}

module.exports = async load => {
  const ways = {}
  const ends = []
  const clients = { 'ioredis-6': require('ioredis'), 'ioredis-5': load('ioredis') }
  for (const [name, { Cluster }] of Object.entries(clients)) {
    const cluster = new Cluster([{ host: '127.0.0.1', port: Number(CLUSTER_PORT) }])
    await cluster.ping()
    ends.push(() => cluster.quit())
    const owner = cluster.slots[slot][0]
    const other = cluster.slots.find(([one]) => one !== owner)
    /** It takes another server for that which has the key. */
    const misled = ask => {
      cluster.slots[slot] = [...other]
      cluster._groupsBySlot[slot] = cluster._groupsIds[other.join(';')]
      return ask()
    }
    const pipelined = async (n, key) => {
      const pipeline = cluster.pipeline()
      for (let at = 0; at <= n % 3; at++) pipeline.get(key)
      for (const [error] of await pipeline.exec()) if (error) throw error
    }
    ways[`${name}-moved`] = n => times(n, () => misled(() => cluster.get(MOVED)))
    ways[`${name}-moved-pipeline`] = n => misled(() => pipelined(n, MOVED))
    ways[`${name}-ask`] = n => times(n, () => cluster.get(ASKED))
    ways[`${name}-ask-pipeline`] = n => pipelined(n, ASKED)
    ways[`${name}-cluster-fails`] = n =>
      times(n, () => cluster.call('get', MOVED, VALUE).then(Error, error => error))
  }
  const rootNodes = [{ socket: { host: '127.0.0.1', port: Number(CLUSTER_PORT) } }]
  const redis = require('redis').createCluster({ rootNodes })
  await redis.connect()
  ends.push(() => redis.close())
  const owner = redis.slots[slot]
  const other = redis.slots.find(one => one.master !== owner.master)
  ways['redis-moved'] = n =>
    times(n, () => {
      redis.slots[slot] = other
      return redis.get(MOVED)
    })
  ways['redis-ask'] = n => times(n, () => redis.get(ASKED))
  ways['redis-cluster-fails'] = n =>
    times(n, () =>
      redis.sendCommand(MOVED, true, ['GET', MOVED, VALUE]).then(Error, error => error),
    )
  return {
    ways,
    async end() {
      for (const end of ends) await end()
    },
  }
}
