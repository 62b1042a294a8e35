'use strict'
/**
 * Messages that this app sends and takes itself: who takes one asks the database with the number of who sent
 * it, and the request is answered once that is done.
 */
const { once, EventEmitter } = require('node:events')
const { Pool } = require('pg')

const taken = new EventEmitter().setMaxListeners(100)
const pool = new Pool({ connectionString: process.env.PG_URL, max: 3 })
const work = async (queue, n) => {
  await pool.query(`select pg_sleep(0.001), 'planted' as r${n}_1`)
  taken.emit(`${queue} ${n}`)
}

async function rabbit(load, ways, ends) {
  const amqp = load('amqplib')
  const connection = await amqp.connect(process.env.AMQP_URL)
  ends.push(() => connection.close())
  const channel = await connection.createChannel()
  const confirming = await connection.createConfirmChannel()
  await channel.prefetch(3)
  await channel.assertExchange('orders', 'direct', { durable: false })
  for (const queue of [
    'amqp-promise',
    'amqp-callback',
    'amqp-confirmed',
    'amqp-unacked',
    'amqp-forgotten',
    'amqp-all',
  ]) {
    await channel.assertQueue(queue, { durable: false })
    await channel.bindQueue(queue, 'orders', `planted-${queue}`)
  }
  const options = { headers: { own: 'planted' } }
  const body = n => Buffer.from(JSON.stringify({ n, secret: 'planted' }))
  const numberOf = message => {
    if (message.properties.headers.own !== 'planted') throw Error('its headers are gone')
    return JSON.parse(message.content).n
  }
  const worked = async (channel, queue, message) => {
    await work(queue, numberOf(message))
    channel.ack(message)
  }
  const way = (queue, send) => {
    ways[queue] = async n => {
      const done = once(taken, `${queue} ${n}`)
      await send(n)
      await done
    }
  }
  way('amqp-promise', n => channel.sendToQueue('amqp-promise', body(n), options))
  await channel.consume('amqp-promise', async message => {
    await work('amqp-promise', numberOf(message))
    channel.ack(message)
  })
  way('amqp-unacked', n => channel.publish('orders', 'planted-amqp-unacked', body(n), options))
  await channel.consume('amqp-unacked', message => work('amqp-unacked', numberOf(message)), {
    noAck: true,
  })
  way('amqp-forgotten', n => channel.publish('orders', 'planted-amqp-forgotten', body(n), options))
  const forget = message => void work('amqp-forgotten', numberOf(message))
  await channel.consume('amqp-forgotten', forget, { noAck: true })
  const single = await connection.createChannel()
  await single.prefetch(1)
  way('amqp-all', n => single.publish('orders', 'planted-amqp-all', body(n), options))
  await single.consume('amqp-all', message => {
    void work('amqp-all', numberOf(message)).then(() => single.ackAll())
  })
  way('amqp-confirmed', async n => {
    confirming.publish('orders', 'planted-amqp-confirmed', body(n), options)
    await confirming.waitForConfirms()
  })
  await channel.consume('amqp-confirmed', message => {
    void worked(channel, 'amqp-confirmed', message)
  })
  await new Promise((resolve, reject) =>
    load('amqplib/callback_api').connect(process.env.AMQP_URL, (error, connection) => {
      if (error) return reject(error)
      ends.push(() => new Promise(closed => connection.close(closed)))
      connection.createChannel((_, channel) => {
        way('amqp-callback', n => channel.sendToQueue('amqp-callback', body(n), options))
        channel.consume(
          'amqp-callback',
          message => {
            void worked(channel, 'amqp-callback', message)
          },
          {},
          resolve,
        )
      })
    }),
  )
}

async function bull(load, ways, ends) {
  const { Queue, Worker } = load('bullmq')
  const connection = { port: Number(process.env.REDIS_PORT), host: '127.0.0.1' }
  for (const name of ['bull', 'bull-bulk']) {
    const queue = new Queue(name, { connection })
    const worker = new Worker(
      name,
      async ({ data }) => {
        await work(name, data.n)
        if (data.n % 5 === 0) throw Error('planted')
      },
      { connection, concurrency: 3 },
    )
    ends.push(async () => {
      await worker.close()
      await queue.close()
    })
    ways[name] = async n => {
      const done = once(taken, `${name} ${n}`)
      const data = { n, secret: 'planted' }
      if (name === 'bull') await queue.add('planted', data)
      else await queue.addBulk([{ name: 'planted', data }])
      await done
    }
  }
}

module.exports = async load => {
  const ways = {}
  const ends = []
  if (process.env.AMQP_URL) await rabbit(load, ways, ends)
  if (process.env.REDIS_PORT) await bull(load, ways, ends)
  return {
    ways,
    async end() {
      for (const end of ends) await end()
      await pool.end()
    },
  }
}
