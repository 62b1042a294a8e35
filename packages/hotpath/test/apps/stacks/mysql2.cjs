'use strict'
/** mysql2, with a pool of three: by promises, callbacks, prepared statements, streams. */
const { once } = require('node:events')

const sql = (n, part) => `select sleep(0.002) as r${n}_${part}, 'planted' as s`

module.exports = async () => {
  const mysql = require('mysql2')
  const pool = mysql.createPool({ uri: process.env.MYSQL_URL, connectionLimit: 3 })
  const promised = pool.promise()
  const inTurn = async (n, ask) => {
    for (const part of [1, 2, 3]) await ask(sql(n, part))
  }
  const called = ask => new Promise((resolve, reject) => ask(e => (e ? reject(e) : resolve())))
  return {
    ways: {
      'pool-promise': n => inTurn(n, text => promised.query(text)),
      'pool-execute': n => inTurn(n, text => promised.execute(text)),
      'pool-callback': n =>
        called(done =>
          pool.query(sql(n, 1), () => pool.query(sql(n, 2), () => pool.query(sql(n, 3), done))),
        ),
      'connection-promise': async n => {
        const connection = await promised.getConnection()
        await inTurn(n, text => connection.query(text))
        connection.release()
      },
      'connection-callback': n =>
        called(done =>
          pool.getConnection((_, connection) =>
            connection.query(sql(n, 1), () =>
              connection.execute(sql(n, 2), () =>
                connection.query(sql(n, 3), error => {
                  connection.release()
                  done(error)
                }),
              ),
            ),
          ),
        ),
      prepared: async n => {
        const connection = await promised.getConnection()
        await inTurn(n, async text => {
          const statement = await connection.prepare(text)
          await statement.execute([])
          await statement.close()
        })
        connection.release()
      },
      stream: n =>
        inTurn(n, async text => {
          const rows = []
          for await (const row of pool.query(text).stream()) rows.push(row)
        }),
      'stream-events': n =>
        called(done => {
          const next = part => {
            if (part > 3) return done()
            pool
              .query(sql(n, part))
              .stream()
              .on('data', () => {})
              .on('close', () => next(part + 1))
          }
          next(1)
        }),
      /** The server ends the connection while one statement runs and two wait behind it. */
      broken: async n => {
        const connection = mysql.createConnection(process.env.MYSQL_URL)
        const lost = new Promise(resolve => connection.once('error', resolve))
        const [[{ id }]] = await connection.promise().query('select connection_id() as id')
        for (const part of [1, 2, 3])
          connection
            .query(sql(n, part).replace('0.002', '100'))
            .stream()
            .on('error', () => {})
        await promised.query(`kill ${id}`)
        await lost
      },
      /** The app lets go of the connection while one statement runs and two wait behind it; nobody hears of them. */
      destroyed: async n => {
        const connection = mysql.createConnection(process.env.MYSQL_URL)
        const [[{ id }]] = await connection.promise().query('select connection_id() as id')
        const [running, inLine, called] = [1, 2, 3].map(part =>
          sql(n, part).replace('0.002', '100'),
        )
        connection.query(running).stream()
        connection.query(inLine).stream()
        connection.query(called, () => {})
        connection.destroy()
        await promised.query(`kill ${id}`)
        if (!connection.stream.closed) await once(connection.stream, 'close')
      },
      /** The answer takes longer than the app waits for it. */
      late: async n => {
        const connections = [1, 2, 3].map(() => mysql.createConnection(process.env.MYSQL_URL))
        await Promise.all(
          connections.map(async (connection, at) => {
            const text = sql(n, at + 1).replace('0.002', '0.5')
            const query = connection.query(
              { sql: text, timeout: 20 },
              at === 0 ? () => {} : undefined,
            )
            if (at === 0) await once(query, 'end')
            else await once(query.stream(), 'error')
            connection.destroy()
          }),
        )
      },
      parallel: n => Promise.all([1, 2, 3].map(part => promised.query(sql(n, part)))),
      fails: n =>
        inTurn(n, async text => {
          const ask = text.includes('_2') ? 'execute' : 'query'
          await promised[ask](`${text} from nothing where s = 'planted'`).catch(error => {
            if (error.errno !== 1146) throw error
          })
        }),
      timers: n =>
        called(done =>
          setTimeout(() =>
            pool.query(sql(n, 1), () =>
              setImmediate(() =>
                pool.query(sql(n, 2), () => process.nextTick(() => pool.query(sql(n, 3), done))),
              ),
            ),
          ),
        ),
    },
    end: () => promised.end(),
  }
}
