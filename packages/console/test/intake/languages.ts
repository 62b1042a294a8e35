import { attributes, nowNs } from './requests.js'

type Values = Record<string, string | number | boolean>

/** What a request that loops looks like from an SDK, after its documentation and sources. */
export interface Language {
  readonly title: string
  readonly resource: Values
  readonly server: { readonly name: string; readonly attributes: Values }
  /** The spans of call `n` of the loop, each below the one before unless `beside`. */
  readonly call: (n: number) => readonly {
    readonly name: string
    readonly kind: 1 | 3
    readonly attributes: Values
    readonly beside?: boolean
    /** It is over at once; the others take 8 ms. */
    readonly brief?: boolean
  }[]
  readonly route: string
  readonly statement: string
}

const jdbc = 'select a.street from addresses a where a.user_id=?'
const alchemy = 'SELECT a.street FROM addresses AS a WHERE a.user_id = %(user_id_1)s'
const efCore = 'SELECT a."Street" FROM "Addresses" AS a WHERE a."UserId" = @__user_0'

const pythonDb: Values = {
  'db.system': 'postgresql',
  'db.name': 'shop',
  'db.user': 'ann',
  'net.peer.name': 'db',
  'net.peer.port': 5432,
}

export const languages: readonly Language[] = [
  {
    title: 'Java: the agent 2.x, Spring MVC, Hibernate over JDBC, Hikari',
    resource: { 'telemetry.sdk.language': 'java', 'telemetry.distro.name': 'opentelemetry-java' },
    server: {
      name: 'GET /users/{id}',
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/users/{id}',
        'url.path': '/users/7',
        'url.query': 'token=secret',
        'http.response.status_code': 200,
        'thread.name': 'http-nio-8080-exec-1',
      },
    },
    call: () => [
      { name: 'SELECT Address', kind: 1, attributes: {} },
      {
        name: 'HikariDataSource.getConnection',
        kind: 1,
        brief: true,
        attributes: { 'code.function.name': 'com.zaxxer.hikari.HikariDataSource.getConnection' },
      },
      {
        name: 'SELECT shop.addresses',
        kind: 3,
        beside: true,
        attributes: {
          'db.system': 'postgresql',
          'db.name': 'shop',
          'db.user': 'ann',
          'db.connection_string': 'postgresql://db:5432',
          'db.statement': jdbc,
          'db.operation': 'SELECT',
          'db.sql.table': 'addresses',
        },
      },
    ],
    route: 'GET /users/{id}',
    statement: jdbc,
  },
  {
    title: 'Python: Flask, SQLAlchemy over psycopg2, the names of before',
    resource: { 'telemetry.sdk.language': 'python' },
    server: {
      name: 'GET /users/<int:id>',
      attributes: {
        'http.method': 'GET',
        'http.server_name': '127.0.0.1',
        'http.scheme': 'http',
        'net.host.port': 5000,
        'http.target': '/users/7?token=secret',
        'net.peer.ip': '127.0.0.1',
        'http.flavor': '1.1',
        'http.route': '/users/<int:id>',
        'http.status_code': 200,
      },
    },
    call: () => [
      { name: 'SELECT shop', kind: 3, attributes: { ...pythonDb, 'db.statement': alchemy } },
      { name: 'SELECT', kind: 3, attributes: { ...pythonDb, 'db.statement': alchemy } },
    ],
    route: 'GET /users/<int:id>',
    statement: alchemy,
  },
  {
    title: 'Go: otelhttp, which knows no route, and otelsql with literals in the text',
    resource: { 'telemetry.sdk.language': 'go' },
    server: {
      name: 'api',
      attributes: {
        'http.method': 'GET',
        'http.scheme': 'http',
        'net.host.name': 'localhost',
        'net.sock.peer.addr': '127.0.0.1',
        'http.target': '/users/7?token=secret',
        'net.protocol.version': '1.1',
        'http.status_code': 200,
      },
    },
    call: n => [
      { name: 'sql.conn.reset_session', kind: 3, attributes: { 'db.system': 'postgresql' } },
      {
        name: 'sql.conn.query',
        kind: 3,
        beside: true,
        attributes: {
          'db.system': 'postgresql',
          'db.statement': `select street from addresses where user_id = ${n} and name = 'Ann ${n}'`,
        },
      },
      { name: 'sql.rows', kind: 3, beside: true, attributes: { 'db.system': 'postgresql' } },
    ],
    route: 'GET /users/:id',
    statement: 'select street from addresses where user_id = ? and name = ?',
  },
  {
    title: '.NET: ASP.NET Core, Entity Framework over Npgsql',
    resource: { 'telemetry.sdk.language': 'dotnet' },
    server: {
      name: 'GET users/{id}',
      attributes: {
        'http.request.method': 'GET',
        'http.route': 'users/{id}',
        'url.path': '/users/7',
        'url.scheme': 'http',
        'http.response.status_code': 200,
      },
    },
    call: () => [
      {
        name: 'shop',
        kind: 3,
        attributes: { 'db.system': 'postgresql', 'db.name': 'shop', 'db.statement': efCore },
      },
      {
        name: 'shop',
        kind: 3,
        attributes: {
          'db.system': 'postgresql',
          'db.connection_id': 3,
          'db.statement': efCore,
          'net.peer.name': 'db',
        },
      },
    ],
    route: 'GET /users/{id}',
    statement: efCore,
  },
  {
    title: 'PHP with MySQL: strings in double quotes, the statement as the name of the span',
    resource: { 'telemetry.sdk.language': 'php' },
    server: {
      name: 'GET /users/7',
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/users/7',
        'http.response.status_code': '200',
      },
    },
    call: n => {
      const text = `SELECT street FROM addresses WHERE user_id = ${n} AND name = "Ann ${n}"`
      return [{ name: text, kind: 3, attributes: { 'db.system': 'mysql', 'db.query.text': text } }]
    },
    route: 'GET /users/:id',
    statement: 'SELECT street FROM addresses WHERE user_id = ? AND name = ?',
  },
]

const calls = 8

/** Request number `request` of a language, as OTLP's JSON: children end, and are listed, before their parents. */
export function requestOf(language: Language, request: number): object {
  const traceId = (request + 1).toString(16).padStart(32, 'a')
  const startNs = nowNs() - 2_000_000_000n
  let last = 0
  const id = (n: number): string => (n + 1).toString(16).padStart(16, '0')
  const at = (ms: number): string => String(startNs + BigInt(Math.round(ms * 1e6)))
  const spans: object[] = []
  for (let n = 0; n < calls; n++) {
    const below: object[] = []
    let parent = 0
    for (const { name, kind, attributes: values, beside, brief } of language.call(n)) {
      last++
      below.unshift({
        traceId,
        spanId: id(last),
        parentSpanId: id(beside === true ? 0 : parent),
        name,
        kind,
        startTimeUnixNano: at(10 * n + last * 0.01),
        endTimeUnixNano: at(10 * n + (brief === true ? last * 0.01 + 0.05 : 8)),
        attributes: attributes(values),
      })
      parent = last
    }
    spans.push(...below)
  }
  spans.push({
    traceId,
    spanId: id(0),
    name: language.server.name,
    kind: 2,
    startTimeUnixNano: at(0),
    endTimeUnixNano: at(10 * calls + 5),
    attributes: attributes(language.server.attributes),
  })
  const resource = { attributes: attributes({ 'service.name': 'shop', ...language.resource }) }
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }
}

export const callsOf = calls
