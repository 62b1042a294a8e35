'use strict'

/** The consumer of a message: what it returns is nobody's affair, and is not touched. */
exports.amqplib = async function amqplib({ say, fails, called, load }) {
  const amqp = load('amqplib')
  const connection = await amqp.connect(process.env.AMQP_URL)
  const channel = await connection.createConfirmChannel()
  const order = []
  for (const name of ['return', 'drain', 'close', 'error'])
    channel.on(name, (...args) => order.push([name, args.length, args[0]?.message]))
  const { queue } = await channel.assertQueue('', { exclusive: true })
  const taken = []
  let more
  const until = () => new Promise(resolve => (more = resolve))
  let asked = 0
  const lazy = {
    // oxlint-disable-next-line unicorn/no-thenable -- such as a query of Knex, which begins when it is asked
    then() {
      asked++
    },
  }
  const own = function (message) {
    taken.push([message.content.toString(), arguments.length, message.properties.type])
    more()
    return lazy
  }
  const consumer = await channel.consume(queue, own, { noAck: true, consumerTag: 'mine' })
  say('consumer', consumer)
  const options = Object.freeze({ type: 'x', headers: Object.freeze({ a: 1, b: [2] }) })
  let came = until()
  say('published', [
    channel.publish('', queue, Buffer.from('1'), options),
    await called(done => channel.publish('', queue, Buffer.from('2'), options, done)),
  ])
  await came
  await channel.waitForConfirms()
  say('options', options)
  say('taken', [taken, asked])
  await channel.cancel('mine')
  const acknowledging = message => {
    channel.ack(message)
    more(message.properties.headers)
    return lazy
  }
  await channel.consume(queue, acknowledging, { consumerTag: 'other' })
  came = until()
  channel.sendToQueue(queue, Buffer.from('3'), options)
  const { traceparent: _, ...headers } = await came
  say('acknowledged', [headers, asked, await channel.cancel('other')])
  say('nowhere', channel.publish('', 'nowhere', Buffer.from('4'), { mandatory: true }))
  await channel.waitForConfirms()
  await fails('no content', () => channel.publish('', queue, 'text'))
  await fails('bad header', () => channel.publish('', queue, Buffer.from(''), { headers: 'text' }))
  await fails('no such queue', () => channel.checkQueue('nowhere'))
  await new Promise(resolve => setImmediate(resolve))
  await fails('closed', () => channel.sendToQueue(queue, Buffer.from('5')))
  say('order', order)
  await connection.close()
}

/** Calls out: their headers have one more, and nothing else is another. */
exports.calls = async function calls({ say, fails }) {
  const http = require('node:http')
  const server = http.createServer((request, response) => {
    const { traceparent: _, ...headers } = request.headers
    delete headers.host
    if (request.url === '/cut') return void response.writeHead(200).destroy()
    if (request.url === '/away') response.writeHead(302, { location: '/there' })
    response.end(JSON.stringify([request.method, request.url, headers]))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const at = `http://127.0.0.1:${server.address().port}`
  const init = Object.freeze({ headers: Object.freeze({ own: '1' }) })
  const answer = await fetch(`${at}/a?b=c`, init)
  say('fetch', [answer.status, await answer.json(), answer.redirected])
  say('redirected', await fetch(`${at}/away`).then(answer => answer.json()))
  await fails('fetch, cut', () => fetch(`${at}/cut`).then(answer => answer.text()))
  await fails('fetch, refused', () => fetch('http://127.0.0.1:1/'))
  await fails('fetch, aborted', () => fetch(at, { signal: AbortSignal.abort(new Error('mine')) }))
  await fails('fetch, no address', () => fetch('http://'))
  const events = []
  const call = options =>
    new Promise(resolve => {
      const request = http.request(at, options)
      for (const name of ['socket', 'finish', 'response', 'error', 'close', 'abort'])
        request.on(name, (...args) => {
          events.push([name, args.length, args[0]?.code])
          if (name === 'response') {
            for (const own of ['end', 'close', 'aborted', 'error'])
              args[0].on(own, (...all) => events.push(['of answer', own, all.length]))
            args[0].resume()
          }
          if (name === 'close') resolve()
        })
      request.end()
    })
  await call({ path: '/a', agent: false })
  await call({ path: '/cut', agent: false })
  await call({ port: 1 })
  say('http', events)
  await fails('http, bad header', async () => http.request(at, { headers: { own: 'a\nb' } }))
  await fails('http, bad path', async () => http.get({ path: '/a b' }))
  server.close()
  server.closeAllConnections()
}
