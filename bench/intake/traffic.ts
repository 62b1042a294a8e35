import type { Attributes, Span, SpanKind } from '@hotpath/console'

/**
 * Whose spans: `sdk` as OpenTelemetry's auto-instrumentations of Node send them by default (the old
 * names, a span for each middleware), `recorder` as ours does (no middleware, kept traces only).
 */
export type Flavour = 'sdk' | 'recorder'

const resources = ['users', 'orders', 'items', 'carts', 'reviews', 'shops', 'offers', 'coupons']
const verbs = ['GET', 'POST', 'PUT'] as const

export interface TrafficRoute {
  readonly method: string
  readonly template: string
  readonly table: string
  readonly statements: readonly string[]
  /** Calls of one request; the second statement of each fourth route is asked in a loop. */
  readonly loop: number
}

/** 24 routes over 8 tables with 48 statements: a middling API. */
export const trafficRoutes: readonly TrafficRoute[] = resources.flatMap((table, i) =>
  verbs.map((method, j) => ({
    method,
    template: method === 'POST' ? `/${table}` : `/${table}/:id`,
    table,
    statements: [
      `select id, name, created_at, updated_at from ${table} where id = $1 and tenant = $2`,
      `${method === 'GET' ? 'select * from' : 'update'} ${table}_details ${method === 'GET' ? '' : 'set seen = now() '}where ${table}_id = $1`,
    ],
    loop: (i * 3 + j) % 8 === 0 ? 24 : 1 + ((i + j) % 4),
  })),
)

const service = 'shop'

/**
 * One request of a random route: some ten spans, ended around `endMs`. Ids come from `random`, so that
 * a seed gives the same traffic.
 */
export function request(flavour: Flavour, endMs: number, random: () => number): Span[] {
  const route = trafficRoutes[Math.floor(random() ** 2 * trafficRoutes.length)] ?? trafficRoutes[0]
  if (route === undefined) throw new Error('traffic without routes')
  const traceId = hex(32, random)
  const rootId = hex(16, random)
  const failed = random() < 0.01
  const durationMs = (2 + route.loop) * (1 + 9 * random() ** 8)
  const startNs = BigInt(Math.round((endMs - durationMs) * 1e3)) * 1_000n
  const span = (
    name: string,
    kind: SpanKind,
    share: number,
    width: number,
    attributes: Attributes,
    root = false,
  ): Span => ({
    traceId,
    spanId: root ? rootId : hex(16, random),
    ...(root ? {} : { parentId: rootId }),
    kind,
    name,
    service,
    instance: `process-${Math.floor(random() * 2)}`,
    startNs: startNs + BigInt(Math.round(share * durationMs * 1e6)),
    durationNs: Math.round(width * durationMs * 1e6),
    status: failed && root ? 'error' : 'unset',
    attributes,
    links: [],
  })
  const name = `${route.method} ${route.template}`
  const sdk = flavour === 'sdk'
  const status = failed ? 500 : 200
  const server = (sdk ? sdkServer : ownServer)(route, status, random)
  const spans = [span(name, 'server', 0, 1, server, true)]
  if (sdk)
    for (const middleware of ['query', 'expressInit', 'jsonParser'])
      spans.push(
        span(`middleware - ${middleware}`, 'internal', 0.01, 0.01, {
          'http.route': '/',
          'express.name': middleware,
          'express.type': 'middleware',
        }),
      )
  const calls = [route.statements[0] ?? '']
  for (let i = 0; i < route.loop; i++) calls.push(route.statements[1] ?? '')
  const step = 0.9 / calls.length
  for (const [i, statement] of calls.entries()) {
    const attributes = sdk ? sdkStatement(statement) : ownStatement(statement, random)
    const operation = (statement.split(' ')[0] ?? '').toUpperCase()
    const title = sdk ? `pg.query:${operation} shop` : `${operation} ${route.table}`
    spans.push(span(title, 'client', 0.05 + i * step, 0.8 * step, attributes))
  }
  return spans
}

function sdkServer({ method, template }: TrafficRoute, status: number, random: () => number) {
  const id = Math.floor(random() * 1e6)
  const target = template.replace(':id', String(id))
  return {
    'http.url': `http://api.shop.example${target}?verbose=1`,
    'http.host': 'api.shop.example',
    'net.host.name': 'api.shop.example',
    'http.method': method,
    'http.scheme': 'http',
    'http.target': `${target}?verbose=1`,
    'http.user_agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'http.flavor': '1.1',
    'net.transport': 'ip_tcp',
    'net.host.ip': '10.0.3.17',
    'net.host.port': 3000,
    'net.peer.ip': '10.0.1.4',
    'net.peer.port': 30_000 + (id % 30_000),
    'http.status_code': status,
    'http.status_text': status === 200 ? 'OK' : 'INTERNAL SERVER ERROR',
    'http.route': template,
  }
}

const ownServer = ({ method, template }: TrafficRoute, status: number): Attributes => ({
  'http.request.method': method,
  'http.route': template,
  'http.response.status_code': status,
  'network.protocol.version': '1.1',
  'hotpath.sampled.reason': 'ordinary',
  ...(status === 500 ? { 'error.type': '500' } : {}),
})

const sdkStatement = (statement: string): Attributes => ({
  'db.system': 'postgresql',
  'db.connection_string': 'postgresql://db.shop.example:5432/shop',
  'net.peer.name': 'db.shop.example',
  'net.peer.port': 5432,
  'db.name': 'shop',
  'db.user': 'api',
  'db.statement': statement,
})

const ownStatement = (statement: string, random: () => number): Attributes => ({
  'db.system.name': 'postgresql',
  'db.query.text': statement,
  'db.operation.name': (statement.split(' ')[0] ?? '').toUpperCase(),
  'db.namespace': 'shop',
  'server.address': 'db.shop.example',
  'server.port': 5432,
  'db.response.returned_rows': Math.floor(random() * 20),
  'hotpath.params.hash': hex(16, random),
})

function hex(digits: number, random: () => number): string {
  let text = ''
  while (text.length < digits)
    text += Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return text
}

/** Spans of whole requests, one after another in time: `count` of them or a few more. */
export function spansOf(
  flavour: Flavour,
  count: number,
  endMs: number,
  random: () => number,
): Span[] {
  const spans: Span[] = []
  while (spans.length < count) spans.push(...request(flavour, endMs, random))
  return spans
}
