'use strict'
/** The clients of Redis: commands in every form, what fails, and connections that end. */

exports.ioredis = seen => ioredisOf(seen, require('ioredis'))
exports.ioredis5 = seen => ioredisOf(seen, seen.load('ioredis'))

async function ioredisOf({ say, fails, called }, Redis) {
  const options = { port: Number(process.env.REDIS_PORT), host: '127.0.0.1', lazyConnect: true }
  const client = new Redis(options)
  const order = []
  for (const name of ['connect', 'ready', 'close', 'end', 'error', 'wait'])
    client.on(name, (...args) => order.push([name, args.length]))
  say('not connected', client.status)
  await client.connect()
  client.defineCommand('twice', { numberOfKeys: 1, lua: 'return {KEYS[1], ARGV[1]}' })
  say('script', [await client.twice('k', 'a'), await client.twice('k', 'b')])
  await fails('script fails', () => client.eval("return redis.error_reply('MINE of the app')", 0))
  await fails('wrong type', async () => client.set('text', 1).then(() => client.lpush('text', 1)))
  const command = new Redis.Command('get', ['text'], { replyEncoding: 'utf8' })
  say('command', [client.sendCommand(command) === command.promise, await command.promise])
  say('its keys', Object.keys(command).sort())
  say('pipeline', await called(done => client.pipeline().get('text').exec(done)))
  const queued = client.multi({ pipeline: false })
  say('multi', [await client.get('text'), await client.exec(), typeof queued])
  await fails('exec alone', () => client.exec())
  const answered = []
  await Promise.all([
    client.get('text', () => answered.push('callback')),
    client.get('text').then(() => answered.push('then')),
    client.get('text', (_, value) => answered.push(['callback', value])),
  ])
  say('answered', answered)
  const auto = new Redis({ ...options, enableAutoPipelining: true })
  say('automatic', await Promise.all([auto.get('text'), auto.incr('text'), auto.get('text')]))
  await fails('automatic fails', () => auto.lpush('text', 1))
  auto.disconnect()
  const hasty = new Redis({ ...options, commandTimeout: 300 })
  await fails('timed out', () => hasty.blpop('nothing', 0))
  hasty.disconnect()
  const listener = new Redis(options)
  const heard = new Promise(resolve => listener.once('message', (...args) => resolve(args)))
  say('subscribed', await listener.subscribe('news'))
  await fails('while subscribed', () => listener.get('text'))
  await client.publish('news', 'x')
  say('heard', await heard)
  listener.disconnect()
  const left = fails('left', () => client.blpop('nothing', 0))
  client.disconnect()
  await left
  await new Promise(resolve => setImmediate(resolve))
  say('order', order)
  const nobody = new Redis({ ...options, port: 1, retryStrategy: null, maxRetriesPerRequest: 0 })
  nobody.on('error', error => say('nobody', error.code))
  await fails('nobody', () => nobody.get('text'))
}

exports.nodeRedis = async function nodeRedis({ say, fails }) {
  const { createClient } = require('redis')
  const socket = {
    port: Number(process.env.REDIS_PORT),
    host: '127.0.0.1',
    reconnectStrategy: false,
  }
  const client = createClient({ socket })
  const order = []
  for (const name of ['connect', 'ready', 'end', 'error', 'reconnecting'])
    client.on(name, (...args) => order.push([name, args.length]))
  say('connected', (await client.connect()) === client)
  await Promise.all([
    client.set('text', 'a').then(() => order.push('set')),
    client.get('text').then(() => order.push('get')),
    client
      .get('text')
      .then(() => new Promise(process.nextTick))
      .then(() => order.push('tick')),
    client.ping().then(() => order.push('ping')),
  ])
  await fails('several fail', () => client.multi().lPush('text', 'a').get('text').exec())
  await fails('aborted', () => client.withAbortSignal(AbortSignal.abort()).get('text'))
  const keys = []
  for await (const some of client.scanIterator({ MATCH: 'tex*' })) keys.push(...some)
  say('scanned', keys)
  const listener = client.duplicate()
  await listener.connect()
  const heard = new Promise(resolve => void listener.subscribe('news', (...args) => resolve(args)))
  await fails('while subscribed', () => listener.get('text'))
  while ((await client.publish('news', 'x')) === 0);
  say('heard', await heard)
  listener.destroy()
  const left = fails('left', () => client.blPop('nothing', 0))
  client.destroy()
  await left
  say('order', order)
}
