import assert from 'node:assert/strict'
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
    { STACK: stack, FRAMEWORK: framework, ...env },
    nodeArgs,
  )
  const left = ways.flatMap((way, at) =>
    Array.from({ length: REQUESTS }, (_, index) => ({ way, n: String(at * 100 + index) })),
  )
  const client = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { way, n } = next
      const headers = { traceparent: `00-${n.padStart(32, 'a')}-${'b'.repeat(16)}-01` }
      const answer = await fetch(`${observed.url}/${way}/${n}`, { headers })
      assert.equal(await answer.text(), n, `${way}: ${answer.status}`)
    }
  }
  let failure: unknown
  await Promise.all(Array.from({ length: CLIENTS }, client)).catch((error: unknown) => {
    failure = error
  })
  const seen = await observed.finish()
  if (failure !== undefined) throw new Error(`${String(failure)}\n${seen.output}`)
  assert.equal(seen.code, 0, seen.output)
  assert.deepEqual(seen.errors, [])
  return seen
}

/** The spans with these of their attributes, of the requests of one way, request by request. */
export function requestsOf(seen: Observation, route: string): CollectedSpan[] {
  return seen.spans.filter(
    span => span.kind === 2 && span.attributes['http.route'] === route,
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
  const requests = requestsOf(seen, `/${way}/:n`)
  const guessed = requests.length > 0 ? requests : requestsOf(seen, `/${way}/:id`)
  assert.equal(guessed.length, REQUESTS, `requests of ${way}`)
  for (const request of guessed) {
    const n = String(Number(request.traceId.replace(/^a+/, '')))
    const statements = seen.spans
      .filter(span => span.traceId === request.traceId && 'db.query.text' in span.attributes)
      .filter(span => /\br\d+_\d/.test(String(span.attributes['db.query.text'])))
    const marks = statements.map(span => /r(\d+)_(\d)/.exec(String(span.attributes['db.query.text'])))
    assert.deepEqual(
      marks.map(mark => `${mark?.[1]} ${mark?.[2]}`).sort(),
      parts.map(part => `${n} ${part}`),
      way,
    )
    for (const span of statements) {
      assert.equal(span.parentId, request.spanId, way)
      assert.equal(span.attributes['db.system.name'], system)
      assert.doesNotMatch(String(span.attributes['db.query.text']), /secret/)
    }
  }
}
