'use strict'
/**
 * Makes each case's requests to a server of this process, one after another; prints what they gave,
 * and how many sessions of the database served ten more. The process ends by itself, when nothing
 * is left to do.
 */
const http = require('node:http')

/**
 * @param cases Lists of what one request after another does, by title.
 * @param session Does what a request does, and gives the id of its session.
 */
exports.play = (cases, session) => {
  let work
  const server = http.createServer(async (_, response) => {
    try {
      response.end(JSON.stringify((await work()) ?? null))
    } catch (error) {
      response.end(JSON.stringify(`failed with ${error.code}: ${error.message}`))
    }
  })

  const request = fn => {
    work = fn
    return new Promise((resolve, reject) => {
      http
        .get({ port: server.address().port, agent: false }, response => {
          let text = ''
          response.on('data', chunk => (text += chunk)).on('end', () => resolve(JSON.parse(text)))
        })
        .on('error', reject)
    })
  }

  server.listen(0, '127.0.0.1', async () => {
    for (const [title, requests] of Object.entries(cases)) {
      const given = []
      for (const fn of requests) given.push(await request(fn))
      console.log(JSON.stringify({ title, given }))
    }
    const one = new Set()
    for (let n = 0; n < 10; n++) one.add(await request(session))
    const parallel = await request(() => Promise.all(Array.from({ length: 40 }, session)))
    console.log(JSON.stringify({ backends: one.size, parallel: parallel.length }))
    server.close()
    // Only if something is left that keeps the process alive.
    setTimeout(() => process.exit(9), 10_000).unref()
  })
}
