import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import type { CollectedSpan } from '../collector.js'
import { type Observation, ObservedApp } from '../observed.js'

/** More at once than any of the pools has connections. */
const CLIENTS = 12
const REQUESTS = 24

export interface Drive {
  readonly stack: string
  readonly framework?: string
  readonly env: Readonly<Record<string, string>>
  /** Each is asked for many times at once, all of them beside each other. */
  readonly ways: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly app?: string
}

/**
 * Starts the app of a stack, asks for each way by more clients than there are connections, and gives what was
 * observed. Every request says that its caller keeps it, so that ours is kept.
 */
export async function drive(of: Drive): Promise<Observation> {
  const { stack, framework = 'http', env, ways, nodeArgs = [], app = 'stacks/app.cjs' } = of
  const observed = await ObservedApp.start(
    app,
    // As in a check, every trace is kept: on a fast machine more requests come in a second than are kept else.
    { STACK: stack, FRAMEWORK: framework, HOTPATH_MODE: 'check', ...env },
    nodeArgs,
  )
  const session = framework.startsWith('http2') ? connect(observed.url) : undefined
  const get = (path: string, headers: Record<string, string>): Promise<string> =>
    session === undefined
      ? fetch(`${observed.url}${path}`, { headers }).then(answer => answer.text())
      : text(session.request({ ':path': path, ...headers }))
  const left = ways.flatMap((way, at) =>
    Array.from({ length: REQUESTS }, (_, index) => ({ way, n: String(at * 100 + index) })),
  )
  const client = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { way, n } = next
      const headers = { traceparent: `00-${n.padStart(32, 'a')}-${'b'.repeat(16)}-01` }
      assert.equal(await get(`/${way}/${n}`, headers), n, way)
    }
  }
  let failure: unknown
  await Promise.all(Array.from({ length: CLIENTS }, client)).catch((error: unknown) => {
    failure = error
  })
  session?.close()
  const seen = await observed.finish()
  if (failure !== undefined) throw new Error(`${String(failure)}\n${seen.output}`)
  assert.equal(seen.code, 0, seen.output)
  assert.deepEqual(seen.errors, [])
  assertNoSecrets(observed, seen)
  return seen
}

/** What every stack puts into literals, parameters, keys, payloads, headers and messages of errors. */
const SECRET = /planted/i

/** Of nothing that was sent, spans or counts, has any a secret in it. */
export function assertNoSecrets(app: ObservedApp, { spans, blocks }: Observation): void {
  const textOf = (value: unknown) =>
    typeof value === 'object' ? JSON.stringify(value) : String(value)
  const leaks = [...spans, ...blocks, ...app.collector.points].flatMap(({ attributes, ...sent }) =>
    [...Object.entries(sent), ...Object.entries(attributes)]
      .map(([key, value]) => `${key}: ${textOf(value)}`)
      .filter(text => SECRET.test(text)),
  )
  assert.deepEqual([...new Set(leaks)], [])
}

/** The requests of one way: of a framework that we know, else by the guess from its path. */
export function requestsOf(seen: Observation, way: string): CollectedSpan[] {
  const servers = seen.spans.filter(span => span.kind === 2)
  const of = (route: string) => servers.filter(span => span.attributes['http.route'] === route)
  const named = of(`/${way}/:n`)
  return named.length > 0 ? named : of(`/${way}/:id`)
}

/** The statements that the requests of one way have made. */
export function statementsOf(seen: Observation, way: string): CollectedSpan[] {
  const traces = new Set(requestsOf(seen, way).map(span => span.traceId))
  return seen.spans.filter(
    span => traces.has(span.traceId) && /r\d+_\d/.test(String(span.attributes['db.query.text'])),
  )
}

/**
 * Each request of a way has the statements that carry its own number, each exactly once and right below
 * itself, and nothing of another's.
 */
export function assertStatements(
  seen: Observation,
  way: string,
  { system, parts = [1, 2, 3] }: { system: string; parts?: readonly number[] },
): void {
  const requests = requestsOf(seen, way)
  assert.equal(requests.length, REQUESTS, `requests of ${way}`)
  const all = statementsOf(seen, way)
  for (const request of requests) {
    const n = Number(request.traceId.replace(/^a+/, ''))
    const statements = all.filter(span => span.traceId === request.traceId)
    const marks = statements.map(({ attributes }) =>
      /r(\d+)_(\d)/.exec(String(attributes['db.query.text'])),
    )
    assert.deepEqual(
      marks.map(mark => `${mark?.[1]} ${mark?.[2]}`).sort(),
      parts.map(part => `${n} ${part}`),
      way,
    )
    for (const span of statements) {
      assert.equal(span.parentId, request.spanId, way)
      assert.equal(span.kind, 3)
      assert.equal(span.attributes['db.system.name'], system)
    }
  }
}

/**
 * Each request of a way has spans with these names right below itself: how many is its number's affair, so
 * that one of another request would be seen.
 *
 * @param of Which spans are looked at.
 * @returns All of them.
 */
export function assertSpans(
  seen: Observation,
  way: string,
  { of, names }: { of: (span: CollectedSpan) => boolean; names: (n: number) => string[] },
): CollectedSpan[] {
  const requests = requestsOf(seen, way)
  assert.equal(requests.length, REQUESTS, `requests of ${way}`)
  return requests.flatMap(request => {
    const spans = seen.spans.filter(span => span.traceId === request.traceId && of(span))
    const n = Number(request.traceId.replace(/^a+/, ''))
    assert.deepEqual(
      spans.map(span => span.name),
      names(n),
      `${way} ${n}`,
    )
    for (const span of spans) assert.equal(span.parentId, request.spanId, way)
    return spans
  })
}
