/**
 * What the recorder sees of each library, and how: docs/coverage.md is made of this, and the tests run over it.
 * A library that is patched and not in here fails `registry.test.ts`.
 */
export interface Library {
  /** As npm calls it; of Node's own, `node:http`. */
  readonly name: string
  readonly versions: string
  readonly sees: string
  readonly how: string
  /** The test that shows it, below `packages/hotpath/test` or, with `attached/`, `test`. */
  readonly shownBy: string
  /** Ways to use it, each of which that test drives by more requests at once than there are connections. */
  readonly ways?: readonly string[]
}

const ROUTE = 'the route of each request'
const STATEMENTS = 'each statement once'

const servers: readonly Library[] = [
  {
    name: 'node:http, node:https',
    versions: 'of Node',
    sees: 'each request, its route guessed from the path; each outgoing call',
    how: '`emit` of servers and responses; two methods and `emit` of `ClientRequest`',
    shownBy: 'stacks/servers.test.ts',
    ways: ['http'],
  },
  {
    name: 'node:http2',
    versions: 'of Node',
    sees: 'each request, its route guessed from the path: of the API that is like that of node:http, and of that of streams',
    how: '`emit` of servers, responses and streams, from the first connection on',
    shownBy: 'stacks/servers.test.ts',
    ways: ['http2', 'http2-stream'],
  },
  {
    name: 'express',
    versions: '4, 5',
    sees: `${ROUTE}; how long \`res.json\` takes`,
    how: 'patches of its router (`router` in Express 5) at load',
    shownBy: 'stacks/servers.test.ts',
    ways: ['express', 'express4'],
  },
  {
    name: 'fastify',
    versions: '4, 5',
    sees: `${ROUTE}, of \`inject\` too; how long an answer takes to be put into bytes`,
    how: 'hooks on every instance, which it announces on a diagnostics channel',
    shownBy: 'stacks/servers.test.ts',
    ways: ['fastify', 'fastify4'],
  },
  {
    name: '@koa/router, koa-router',
    versions: '15 of @koa/router; 14 tried by hand; koa 3',
    sees: ROUTE,
    how: '`match` of its router. Koa itself has no routes',
    shownBy: 'stacks/servers.test.ts',
    ways: ['koa'],
  },
  {
    name: 'hono',
    versions: '4, on @hono/node-server 2',
    sees: ROUTE,
    how: '`add` of its routers: each handler says its route',
    shownBy: 'stacks/servers.test.ts',
    ways: ['hono'],
  },
  {
    name: '@nestjs/core',
    versions: '11, on Express and on Fastify',
    sees: ROUTE,
    how: 'as of what it runs on',
    shownBy: 'stacks/servers.test.ts',
    ways: ['nest', 'nest-fastify'],
  },
]

const databases: readonly Library[] = [
  {
    name: 'pg',
    versions: '8',
    sees: `${STATEMENTS}, waits for the pool, connections; cursors, streams and COPY`,
    how: 'methods of its client, query and pool ([recorder.md](recorder.md))',
    shownBy: 'attribution.test.ts',
  },
  {
    name: 'mysql2',
    versions: '3, on MariaDB 10.11; on MySQL 5.6 by hand, on 8 not tried',
    sees: `${STATEMENTS}, waits for the pool, connections; prepared statements and streams`,
    how: '`addCommand` of its connection, `execute` and `done` of its commands, methods of its pool',
    shownBy: 'stacks/mysql2.test.ts',
    ways: [
      'pool-promise',
      'pool-execute',
      'pool-callback',
      'connection-promise',
      'connection-callback',
      'prepared',
      'stream',
      'stream-events',
      'parallel',
      'timers',
      'fails',
      'broken',
      'destroyed',
      'late',
    ],
  },
  {
    name: 'postgres',
    versions: '3',
    sees: `${STATEMENTS}, waits for the pool; transactions, cursors, \`forEach\`; not the name of the database`,
    how: '`handle` of its query class, and the first assignment to two fields of it',
    shownBy: 'stacks/postgres.test.ts',
    ways: [
      'tagged',
      'unsafe',
      'simple',
      'parallel',
      'begin',
      'reserve',
      'cursor',
      'each',
      'nested',
      'fails',
    ],
  },
  {
    name: 'node:sqlite',
    versions: 'of Node 22, 24 and 26',
    sees: `${STATEMENTS}; of \`iterate\` the call without its rows; not the name of the file`,
    how: '`exec` of its database, four methods of its statements, once the app has loaded it',
    shownBy: 'stacks/sqlite.test.ts',
    ways: ['all', 'get', 'run', 'iterate', 'exec', 'fails'],
  },
]

const onDatabases: readonly Library[] = [
  [
    'knex',
    '3',
    ['pg-ask', 'pg-stream', 'pg-transaction', 'mysql-ask', 'mysql-stream', 'mysql-transaction'],
  ],
  [
    'kysely',
    '0.28',
    ['pg-ask', 'pg-transaction', 'mysql-ask', 'mysql-stream', 'mysql-transaction'],
  ],
  ['drizzle-orm', '0.44', ['pg-ask', 'pg-transaction', 'mysql-ask', 'mysql-transaction']],
  [
    'typeorm',
    '0.3',
    ['pg-ask', 'pg-stream', 'pg-transaction', 'mysql-ask', 'mysql-stream', 'mysql-transaction'],
  ],
  ['sequelize', '6', ['pg-ask', 'pg-transaction', 'mysql-ask', 'mysql-transaction']],
  ['pg-promise', '12', ['pg-ask', 'pg-transaction', 'pg-task']],
].map(([name, versions, ways]) => ({
  name: String(name),
  versions: String(versions),
  sees: STATEMENTS,
  how: name === 'pg-promise' ? 'as of pg below it' : 'as of pg or mysql2 below it',
  shownBy: 'stacks/orms.test.ts',
  ways: (ways as string[]).map(way => `${String(name)}-${way}`),
}))

const others: readonly Library[] = [
  {
    name: '@prisma/adapter-pg',
    versions: '7',
    sees: STATEMENTS,
    how: 'as of pg below it. Its adapter for MariaDB and MySQL runs on the driver `mariadb`, which is not seen',
    shownBy: 'stacks/orms.test.ts',
    ways: ['prisma-pg-ask', 'prisma-pg-transaction'],
  },
  {
    name: 'ioredis',
    versions: '5, 6',
    sees: 'each command by its name, those of pipelines too; never keys or values',
    how: '`sendCommand` of its client',
    shownBy: 'stacks/caches.test.ts',
    ways: [6, 5].flatMap(version =>
      ['promise', 'callback', 'pipeline', 'fails'].map(way => `ioredis-${version}-${way}`),
    ),
  },
  {
    name: 'ioredis, its Cluster',
    versions: '5, 6',
    sees: 'each command once, by the server that has answered it at last',
    how: '`sendCommand` of its cluster, and where its pipelines get their answers',
    shownBy: 'stacks/redis-cluster.test.ts',
    ways: [6, 5].flatMap(version =>
      ['moved', 'moved-pipeline', 'ask', 'ask-pipeline', 'cluster-fails'].map(
        way => `ioredis-${version}-${way}`,
      ),
    ),
  },
  {
    name: '@redis/client',
    versions: '6 (the package `redis`)',
    sees: 'each command by its name, those of MULTI and pipelines too',
    how: '`addCommand` of its queue, `connect` of its client',
    shownBy: 'stacks/caches.test.ts',
    ways: ['redis-promise', 'redis-multi', 'redis-fails', 'redis-misspelt'],
  },
  {
    name: '@redis/client, its cluster',
    versions: '6',
    sees: 'each command to each server that was asked; `MOVED` and `ASK` are their status, and no failure',
    how: 'as of its client',
    shownBy: 'stacks/redis-cluster.test.ts',
    ways: ['redis-moved', 'redis-ask', 'redis-cluster-fails'],
  },
  {
    name: 'memjs',
    versions: '1',
    sees: 'each command by its name; not which server',
    how: 'the methods of its client',
    shownBy: 'stacks/caches.test.ts',
    ways: ['memjs-promise', 'memjs-callback'],
  },
  {
    name: 'memcached',
    versions: '2',
    sees: 'each command by its name; not which server',
    how: '`command` of its client',
    shownBy: 'stacks/caches.test.ts',
    ways: ['memcached'],
  },
  {
    name: 'amqplib',
    versions: '2',
    sees: 'each message that is sent, and what is done with each that is taken, with a link to who sent it; by the name of the exchange, or of the queue where there is none',
    how: '`sendMessage` and `dispatchMessage` of its channels; the header `traceparent`',
    shownBy: 'stacks/brokers.test.ts',
    ways: [
      'amqp-promise',
      'amqp-callback',
      'amqp-confirmed',
      'amqp-unacked',
      'amqp-forgotten',
      'amqp-all',
    ],
  },
  {
    name: 'bullmq',
    versions: '6',
    sees: 'each `add` and `addBulk`, and each job that a worker runs, with a link to who added it; flows without',
    how: 'those methods, and what a worker calls for a job; the job option `telemetry.metadata`',
    shownBy: 'stacks/brokers.test.ts',
    ways: ['bull', 'bull-bulk'],
  },
  {
    name: 'fetch, undici',
    versions: "Node's own; npm's 5 and 7 tried by hand",
    sees: 'each outgoing call',
    how: "undici's diagnostics channels",
    shownBy: 'stacks/calls.test.ts',
    ways: ['fetch'],
  },
  {
    name: 'axios, got',
    versions: '1; 14',
    sees: 'each outgoing call',
    how: 'as of node:http below them',
    shownBy: 'stacks/calls.test.ts',
    ways: ['axios', 'got'],
  },
  {
    name: 'graphql',
    versions: '16',
    sees: 'fields whose resolver waits for something, takes a millisecond or asks something of others, by type and name; never arguments',
    how: 'the resolvers of a schema are wrapped when it is first executed',
    shownBy: 'stacks/calls.test.ts',
    ways: ['fields', 'fails'],
  },
  {
    name: 'p-queue',
    versions: '8',
    sees: 'whose work it is, when another request makes room for it; p-limit tells that by itself',
    how: '`add` of its queue',
    shownBy: 'stacks/hops.test.ts',
    ways: ['p-queue'],
  },
  {
    name: '@opentelemetry/api',
    versions: '1.4, 1.9, 1.10',
    sees: "spans that the app's code makes",
    how: 'the place where the API looks for a tracer',
    shownBy: 'observe-opentelemetry.test.ts',
  },
  {
    name: 'jest',
    versions: '30; 24 and later have the method that is patched',
    sees: 'the libraries of this table, though jest loads them past Node; places by its own source maps',
    how: 'two methods of its runtime',
    shownBy: 'attached/check-runners.test.ts',
  },
]

export const libraries: readonly Library[] = [...servers, ...databases, ...onDatabases, ...others]

/** The ways of a library; of one that the registry does not have, an error. */
export function waysOf(...names: readonly string[]): readonly string[] {
  return names.flatMap(name => {
    const { ways } = libraries.find(library => library.name === name) ?? {}
    if (ways === undefined) throw new Error(`the registry has no ways of ${name}`)
    return ways
  })
}

/** Of all libraries that one test shows. */
export const waysShownBy = (file: string): readonly string[] =>
  libraries.filter(({ shownBy }) => shownBy === file).flatMap(({ ways = [] }) => ways)

/** The table of docs/coverage.md. */
export function table(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    row(['library', 'versions', 'what is seen', 'how']),
    '|---|---|---|---|',
    ...libraries.map(({ name, versions, sees, how }) => row([name, versions, sees, how])),
  ].join('\n')
}
