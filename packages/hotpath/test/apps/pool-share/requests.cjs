'use strict'
/**
 * What the requests of an app do that opens a client for each of them. Each case is a list of
 * requests, one after another; what they return is printed, and must not depend on who connected
 * before them.
 */
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')
const { Client } = require('pg')
const Cursor = require('pg-cursor')
const QueryStream = require('pg-query-stream')

const { hostname: host, port, username: user } = new URL(process.env.DATABASE_URL)
const options = { host, port: Number(port), user, database: 'postgres' }

/** As the handlers of such apps are written. */
const withClient =
  (use, more = {}) =>
  async () => {
    const client = new Client({ ...options, ...more })
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }
const rows = (text, values, more) =>
  withClient(async client => (await client.query(text, values)).rows, more)
const failure = promise =>
  promise.then(
    () => 'no failure',
    error => `${error.code}: ${error.message}`,
  )

/** A client that fails to connect leaves its socket open: it is ended in any case. */
const refused = more => async () => {
  const client = new Client({ ...options, ...more })
  const reason = await failure(client.connect())
  await client.end()
  return reason
}

const plant = (...statements) =>
  withClient(async client => {
    for (const statement of statements) await client.query(statement)
  })

const current = new AsyncLocalStorage()

const OTHERS = `
  from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`

exports.cases = {
  'SET ROLE': [
    plant('set role guest'),
    rows(`select current_user, session_user, current_setting('role') as role`),
  ],
  'SET SESSION AUTHORIZATION': [
    plant('set session authorization guest'),
    rows(`select current_user, session_user, current_setting('role') as role`),
  ],
  'a role that the options set': [
    rows('set role guest', [], { options: '-c role=owner' }),
    rows('select current_user, session_user', [], { options: '-c role=owner' }),
  ],
  'a role that the login sets': [
    rows('select current_user, session_user', [], { user: 'mapped' }),
    rows('select current_user, session_user', [], { user: 'mapped' }),
  ],
  settings: [
    plant(`set statement_timeout = '7s'`, `select set_config('search_path', 'nowhere', false)`),
    rows(`select current_setting('statement_timeout') as timeout, current_setting('search_path')`),
  ],
  'options of the connection': [
    rows(`set statement_timeout = '7s'`, [], { statement_timeout: 5000 }),
    rows(`select current_setting('statement_timeout')`, [], { statement_timeout: 5000 }),
    rows(`select current_setting('statement_timeout')`, [], { statement_timeout: 3000 }),
    rows(`select current_setting('application_name')`, [], { application_name: 'cart' }),
    rows(`select current_setting('application_name')`, []),
  ],
  'a setting of the app by name': [
    plant(`set app.name = '1'`),
    rows(`select current_setting('app.name', true)`),
  ],
  'a setting of the app by set_config': [
    plant(`select set_config('app.tenant', '1', false)`),
    rows(`select current_setting('app.tenant', true)`),
  ],
  'a setting of the app by a parameter': [
    rows('select set_config($1, $2, true)', ['app.order', '1']),
    rows(`select current_setting('app.order', true)`),
  ],
  'a temporary table': [
    plant('create temp table planted (n int)', 'insert into planted values (1)'),
    rows(`select to_regclass('planted') as planted`),
  ],
  'an advisory lock': [
    plant('select pg_advisory_lock(42)'),
    rows(`select count(*) from pg_locks where locktype = 'advisory'`),
  ],
  'an open transaction': [
    plant('begin', 'insert into notes values (1)'),
    rows('select count(*), pg_current_xact_id_if_assigned() from notes'),
  ],
  'a failed transaction': [
    withClient(async client => {
      await client.query('begin')
      return failure(client.query('select broken'))
    }),
    rows('select 1 as n'),
  ],
  // The driver rejects with the error, before the server says that it is ready again.
  'a statement that fails, and an end at once': Array.from(
    { length: 20 },
    () => () =>
      new Promise(resolve => {
        const client = new Client(options)
        client.connect(() =>
          client.query('begin; select broken', first =>
            client.end(() => {
              const next = new Client(options)
              next.connect(() =>
                next.query('select 1 as n', (_, { rows }) =>
                  next.end(() => resolve([first.code, rows])),
                ),
              )
            }),
          ),
        )
      }),
  ),
  'an isolation level': [
    plant('set session characteristics as transaction isolation level serializable'),
    rows(`select current_setting('transaction_isolation')`),
  ],
  'a value of a sequence': [
    plant(`select nextval('numbers')`),
    withClient(client => failure(client.query('select lastval()'))),
  ],
  'a statement prepared in SQL': [
    plant('prepare planted as select 1'),
    rows('select count(*) from pg_prepared_statements'),
  ],
  'one name of a statement, three borrowers': [
    rows({ name: 'named', text: 'select $1::int as one', values: [1] }),
    rows({ name: 'named', text: 'select $1::text as two', values: ['2'] }),
    rows({ name: 'named', text: 'select $1::int as one', values: [3] }),
    rows({ name: 'named', text: 'select $1::int as one', values: [4] }),
  ],
  'a type parser of the client': [
    withClient(async client => {
      client.setTypeParser(23, text => `parsed ${text}`)
      return [(await client.query('select 1 as n')).rows, client.getTypeParser(23)('2')]
    }),
    rows('select 1 as n'),
  ],
  'listeners of an old client': (() => {
    const heard = []
    const notice = `do $$ begin raise notice 'hello'; end $$`
    return [
      withClient(async client => {
        client.on('notice', ({ message }) => heard.push(`first ${message}`))
        client.connection.on('notice', ({ message }) => heard.push(`connection ${message}`))
        await client.query(notice)
      }),
      withClient(async client => {
        client.on('notice', ({ message }) => heard.push(`second ${message}`))
        await client.query(notice)
      }),
      async () => heard,
    ]
  })(),
  events: [
    async () => {
      const client = new Client(options)
      const events = []
      for (const event of ['connect', 'end', 'error']) client.on(event, () => events.push(event))
      const returned = await client.connect()
      events.push('connected', returned === client)
      await client.query('select 1')
      client.end(() => events.push('ended'))
      await once(client, 'end')
      return events
    },
    async () => {
      const client = new Client(options)
      const events = []
      for (const event of ['connect', 'end', 'error']) client.on(event, () => events.push(event))
      await new Promise(resolve => {
        client.connect((error, same) => {
          events.push('connected', error, same === client)
          client.query('select 1 as n', (_, result) => {
            events.push(result.rows)
            // Within the callback of a query, where the driver is not done with it yet.
            client.end(() => {
              events.push('ended')
              setImmediate(resolve)
            })
          })
        })
      })
      return events
    },
  ],
  'a client that was ended': [
    async () => {
      const client = new Client(options)
      await client.connect()
      await client.query('select 1')
      const [first, second] = await Promise.all([client.end(), client.end()])
      const again = await client.end()
      return [
        first,
        second,
        again,
        await failure(client.query('select 1')),
        await failure(client.connect()),
      ]
    },
  ],
  'a client that connects twice': [
    async () => {
      const client = new Client(options)
      await client.connect()
      const second = await failure(client.connect())
      await client.end()
      return second
    },
  ],
  'statements before the connection stands': [
    async () => {
      const client = new Client(options)
      const connecting = client.connect()
      const early = client.query('select 1 as early')
      await connecting
      const { rows } = await early
      await client.end()
      return rows
    },
  ],
  'the process id': [
    withClient(async client => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      return rows[0].pid === client.processID && typeof client.secretKey
    }),
  ],
  'a statement that fails': [
    withClient(client => failure(client.query('select * from nowhere'))),
    withClient(client => failure(client.query('select 1/$1::int', [0]))),
    rows('select 1 as n'),
  ],
  'an end while a statement runs': [
    async () => {
      const client = new Client(options)
      client.on('error', () => {})
      await client.connect()
      const cut = failure(client.query('select pg_sleep(60)'))
      await client.end()
      return cut
    },
    rows('select 1 as n'),
  ],
  'who must not connect': [
    refused({ database: 'nowhere' }),
    rows('select current_user', [], { user: 'secret', password: 'right' }),
    refused({ user: 'secret', password: 'wrong' }),
    refused({ user: 'secret' }),
    rows('select current_user', [], { user: 'secret', password: async () => 'right' }),
    refused({ user: 'secret', password: async () => 'wrong' }),
    refused({ port: 1 }),
  ],
  'users of their own': [
    rows('select current_user, session_user', [], { user: 'guest' }),
    rows('select current_user, session_user'),
    rows('select current_user, session_user', [], { user: 'guest' }),
  ],
  'COPY, a cursor, a stream': [
    withClient(async client => (await client.query('copy (select 1) to stdout')).command),
    withClient(async client => {
      const cursor = client.query(new Cursor('select n from generate_series(1, 9) n'))
      return cursor.read(2)
    }),
    withClient(async client => {
      const stream = client.query(new QueryStream('select n from generate_series(1, 3) n'))
      const read = []
      for await (const row of stream) read.push(row)
      return read
    }),
    rows('select 1 as n'),
  ],
  'LISTEN, in a client that outlives its request': (() => {
    let listening
    return [
      async () => {
        listening = new Client(options)
        await listening.connect()
        await listening.query('listen news')
      },
      plant(`notify news, 'first'`),
      async () => {
        const [{ payload }] = await Promise.all([
          once(listening, 'notification').then(([message]) => message),
          plant(`notify news, 'second'`)(),
        ])
        await listening.end()
        return /first|second/.test(payload)
      },
    ]
  })(),
  'the app’s own async context, in callbacks': Array.from(
    { length: 3 },
    (_, n) => () =>
      current.run(
        `request ${n}`,
        () =>
          new Promise(resolve => {
            const client = new Client(options)
            const seen = []
            client.on('notice', () => seen.push(current.getStore()))
            client.on('end', () => seen.push(current.getStore()))
            client.connect(() => {
              seen.push(current.getStore())
              client.query(`do $$ begin raise notice 'hello'; end $$`, () => {
                seen.push(current.getStore())
                client.end(() => {
                  seen.push(current.getStore())
                  setImmediate(() => resolve(seen))
                })
              })
            })
          }),
      ),
  ),
  'a server that dropped its connections': [
    rows('select 1 as n'),
    async () => {
      const admin = new Client({ ...options, application_name: 'admin' })
      await admin.connect()
      await admin.query(`select pg_terminate_backend(pid) ${OTHERS}`)
      while ((await admin.query(`select 1 ${OTHERS}`)).rowCount > 0);
      await admin.query('select 1')
      await admin.end()
    },
    rows('select 2 as n'),
  ],
}
