'use strict'
/**
 * Requests of an app that opens a connection of mysql2 for each. What they return is printed, and
 * must not depend on who connected before them.
 */
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')
const mysql = require('mysql2')
const promised = require('mysql2/promise')

const { hostname: host, port, username: user, pathname } = new URL(process.env.DATABASE_URL)
const options = { host, port: Number(port), user, database: pathname.slice(1) }
exports.options = options

/** Ends a connection and waits until its session has ended as well. */
const finish = connection => Promise.all([once(connection, 'end'), connection.end()])
exports.finish = finish

/** As the handlers of such apps are written. */
const withConnection =
  (use, more = {}) =>
  async () => {
    const connection = await promised.createConnection({ ...options, ...more })
    try {
      return await use(connection)
    } finally {
      await finish(connection)
    }
  }
const rows = (sql, values, more) =>
  withConnection(async connection => (await connection.query(sql, values))[0], more)
const failure = promise =>
  promise.then(
    () => 'no failure',
    error => `${error.code}: ${error.message}`.replace(/'\w+'@'[^']+'/, 'USER'),
  )
const refused = more => () => failure(promised.createConnection({ ...options, ...more }))

const plant = (...statements) =>
  withConnection(async connection => {
    for (const statement of statements) await connection.query(statement)
  })

/** The server takes a moment to end a session that was closed; a lock is asked for until it is free. */
const lockOf = name =>
  withConnection(async connection => {
    const [[row]] = await connection.query('select get_lock(?, 10) as got', [name])
    return row.got
  })

const SETTINGS = `
  select @@sql_mode, @@autocommit, @@time_zone, @@tx_isolation, @@wait_timeout, @@sql_safe_updates,
    @@character_set_client, @@character_set_connection, @@character_set_results,
    @@collation_connection, @@foreign_key_checks, @@unique_checks, @@max_statement_time`

const current = new AsyncLocalStorage()
const events = ['connect', 'end', 'error']

exports.cases = {
  'user variables': [plant('set @tenant = 1, @name = "first"'), rows('select @tenant, @name')],
  'settings of the session': [
    rows(SETTINGS),
    plant(
      `set session sql_mode = '', autocommit = 0, time_zone = '+03:00', wait_timeout = 77`,
      'set session transaction isolation level serializable',
      'set names latin1',
      'set sql_safe_updates = 1, foreign_key_checks = 0, max_statement_time = 3',
    ),
    rows(SETTINGS),
    plant('set names utf8mb3'),
    rows(SETTINGS, [], { charset: 'latin1' }),
    rows(SETTINGS),
  ],
  'a temporary table': [
    plant('create temporary table planted (n int)', 'insert into planted values (1)'),
    withConnection(connection => failure(connection.query('select * from planted'))),
  ],
  'a temporary table that hides one': [
    plant('create temporary table notes (n int)', 'insert into notes values (99)'),
    rows('select count(*) as n from notes where n = 99'),
  ],
  GET_LOCK: [plant(`select get_lock('planted', 0)`), lockOf('planted'), lockOf('planted')],
  'LOCK TABLES': [
    plant('lock tables notes write'),
    rows('select count(*) as n from notes where n = 1'),
  ],
  'an open transaction': [
    plant('begin', 'insert into notes values (1)'),
    rows('select count(*) as n, @@in_transaction as open from notes where n = 1'),
  ],
  'a transaction without autocommit': [
    plant('set autocommit = 0', 'insert into notes values (2)'),
    rows('select count(*) as n, @@in_transaction as open from notes where n = 2'),
  ],
  'a failed statement in a transaction': [
    withConnection(async connection => {
      await connection.beginTransaction()
      return failure(connection.query('select broken'))
    }),
    rows('select 1 as n, @@in_transaction as open'),
  ],
  'another database': [plant('use mysql'), rows('select database() as name')],
  'no database': [
    rows('use mysql', [], { database: undefined }),
    rows('select database() as name', [], { database: undefined }),
  ],
  'the last id': [
    plant('insert into numbered (note) values ("one")'),
    rows('select last_insert_id() as id, found_rows() as found, row_count() as changed'),
  ],
  'a setting that follows from the client’s flags': [
    rows('select @@sql_mode as mode', [], { flags: ['-IGNORE_SPACE'] }),
    rows('select @@sql_mode as mode', [], { flags: ['-IGNORE_SPACE'] }),
  ],
  'SET ROLE': [plant('set role reader'), rows('select current_role() as role')],
  'SET ROLE, sent before the connection stands': [
    rows('select 1 as n'),
    () =>
      new Promise(resolve => {
        const connection = mysql.createConnection(options)
        connection.query('set role reader')
        connection.end()
        connection.once('end', resolve)
      }),
    rows('select current_role() as role'),
  ],
  'prepared in SQL': [
    plant(`prepare planted from 'select 1'`),
    withConnection(connection => failure(connection.query('execute planted'))),
  ],
  'prepared by the driver, three borrowers': Array.from({ length: 3 }, (_, n) =>
    withConnection(async connection => {
      const [[first]] = await connection.execute('select ? + 1 as n', [n])
      const [[second]] = await connection.execute('select ? + 1 as n', [n + 1])
      return [first, second]
    }),
  ),
  'a statement that outlives its connection': (() => {
    let old
    return [
      withConnection(async connection => {
        old = await connection.prepare('select ? as old')
        return (await old.execute([1]))[0]
      }),
      withConnection(async connection => {
        const stale = failure(old.execute([2]))
        const [fresh] = await connection.execute('select ? as fresh', [3])
        return [await stale, fresh]
      }),
      rows(`show session status like 'Prepared_stmt_count'`),
    ]
  })(),
  'a handler': [
    plant('handler notes open as planted'),
    withConnection(connection => failure(connection.query('handler planted read first'))),
  ],
  XA: [
    plant(`xa start 'planted'`, 'insert into notes values (3)'),
    rows('select count(*) as n from notes where n = 3'),
    rows('xa recover'),
  ],
  'another user': [
    withConnection(async connection => {
      await connection.changeUser({ user: 'guest', database: 'app' })
      return (await connection.query('select current_user() as name'))[0]
    }),
    rows('select current_user() as name'),
    rows('select current_user() as name', [], { user: 'guest' }),
    rows('select current_user() as name'),
  ],
  'who must not connect': [
    refused({ database: 'nowhere' }),
    rows('select current_user() as name', [], { user: 'secret', password: 'right' }),
    refused({ user: 'secret', password: 'wrong' }),
    refused({ user: 'secret' }),
    rows('select current_user() as name', [], { user: 'secret', password: 'right' }),
    refused({ port: 1 }),
  ],
  'options of the client alone': [
    rows('select 1 as n, 2 as m', [], { rowsAsArray: true }),
    rows('select 1 as n, 2 as m'),
    rows('select :n as n', { n: 1 }, { namedPlaceholders: true }),
    rows('select 1 as n', [], { typeCast: field => `cast ${field.string()}` }),
    rows('select 1 as n', [], { typeCast: (_, next) => [next()] }),
    rows('select 1 as n; select 2 as m', [], { multipleStatements: true }),
    withConnection(connection => failure(connection.query('select 1 as n; select 2 as m'))),
  ],
  'the connection’s id': [
    withConnection(async connection => {
      const [[{ id }]] = await connection.query('select connection_id() as id')
      return id === connection.threadId
    }),
    withConnection(async connection => {
      const [[{ id }]] = await connection.query('select connection_id() as id')
      return id === connection.threadId
    }),
  ],
  callbacks: Array.from(
    { length: 3 },
    () => () =>
      new Promise(resolve => {
        const connection = mysql.createConnection(options)
        const seen = []
        for (const event of events) connection.on(event, () => seen.push(event))
        connection.connect(error => seen.push('connected', error, connection.state))
        // Before the connection stands.
        connection.query('select 1 as n', (_, found) => {
          seen.push(found)
          connection.end(error => {
            seen.push('ended', error)
          })
        })
        connection.once('end', () => setImmediate(() => resolve([seen, connection.state])))
      }),
  ),
  'an end while statements wait': [
    () =>
      new Promise(resolve => {
        const connection = mysql.createConnection(options)
        const seen = []
        connection.query('select 1 as n', (_, found) => seen.push(found))
        connection.query('do sleep(0.05)', error => seen.push(error))
        connection.end(() => seen.push('ended'))
        connection.once('end', () => resolve(seen))
      }),
    rows('select 2 as n'),
  ],
  'a connection that was ended': [
    async () => {
      const connection = await promised.createConnection(options)
      await connection.query('select 1')
      await finish(connection)
      connection.on('error', () => {})
      const late = [
        await failure(connection.query('select 1')),
        await failure(connection.execute('select 1')),
      ]
      connection.destroy()
      return late
    },
    rows('select 1 as n'),
  ],
  'a connection that is destroyed': [
    async () => {
      const connection = await promised.createConnection(options)
      await connection.query('create temporary table planted (n int)')
      connection.destroy()
    },
    async () => {
      mysql
        .createConnection(options)
        .on('error', () => {})
        .destroy()
    },
    rows('select 1 as n'),
  ],
  'listeners of an old connection': (() => {
    const heard = []
    return [
      withConnection(async connection => {
        connection.on('error', () => heard.push('first'))
        await connection.query('select 1')
      }),
      withConnection(async connection => {
        connection.on('error', () => {})
        await failure(connection.query('kill connection_id()'))
      }),
      async () => heard,
    ]
  })(),
  'a statement that fails': [
    withConnection(connection => failure(connection.query('select * from nowhere'))),
    withConnection(connection => failure(connection.execute('select * from nowhere'))),
    rows('select 1 as n'),
  ],
  'a stream of rows': [
    async () => {
      const connection = mysql.createConnection(options)
      const read = []
      for await (const row of connection.query('select seq from seq_1_to_3').stream())
        read.push(row)
      connection.end()
      await once(connection, 'end')
      return read
    },
    rows('select 1 as n'),
  ],
  'a file of the client': [
    withConnection(async connection => {
      const { Readable } = require('node:stream')
      const sql = `load data local infile 'rows' into table notes`
      const infileStreamFactory = () =>
        Readable.from([Buffer.from('7\n8\n')], { objectMode: false })
      return failure(connection.query({ sql, infileStreamFactory }))
    }),
    rows('select 1 as n'),
  ],
  'a connection that outlives its request': (() => {
    let kept
    return [
      async () => {
        kept = await promised.createConnection(options)
        await kept.query('set @kept = 1')
      },
      rows('select @kept'),
      async () => {
        const [found] = await kept.query('select @kept')
        await finish(kept)
        return found
      },
      rows('select @kept'),
    ]
  })(),
  'the app’s own async context, in callbacks': Array.from(
    { length: 3 },
    (_, n) => () =>
      current.run(
        `request ${n}`,
        () =>
          new Promise(resolve => {
            const connection = mysql.createConnection(options)
            const seen = []
            connection.connect(() => {
              seen.push(current.getStore())
              connection.query('select 1', () => {
                seen.push(current.getStore())
                connection.end(() => {
                  seen.push(current.getStore())
                  resolve(seen)
                })
              })
            })
          }),
      ),
  ),
  'a server that dropped its connections': [
    rows('select 1 as n'),
    withConnection(async connection => {
      const others = `
        select id from information_schema.processlist
        where user = 'app' and id <> connection_id()`
      const [found] = await connection.query(others)
      for (const { id } of found) await failure(connection.query(`kill ${id}`))
      while ((await connection.query(others))[0].length > 0);
    }),
    rows('select 2 as n'),
  ],
}
