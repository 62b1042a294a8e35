import {
  attributes,
  exponential,
  keyValue,
  metrics,
  nowNs,
  resource,
  traces,
} from '../intake/requests.js'
import { post } from '../running.js'

/** What a shop sends: enough for one finding of each kind that a test wants. */
export interface Loop {
  readonly route?: string
  readonly statement?: string
  readonly calls?: number
  readonly service?: string
  /** Further attributes of the request's span. */
  readonly more?: Record<string, string | number>
  /** The trace's number: equal numbers, equal ids. */
  readonly n: number
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0')
const callMs = 4
/** A request takes so many milliseconds: the histogram and the traces say the same. */
const durationOf = (calls = 40): number => calls * (callMs + 1) + 10

/** One request that asks the database in a loop: `calls` statements, one after another, 4 ms each. */
export function loopTrace(loop: Loop): object {
  const {
    route = '/users',
    statement = 'select street from addresses where user_id = $1',
    calls = 40,
    service = 'shop',
    more = {},
    n,
  } = loop
  const startNs = nowNs() - 10_000_000_000n + BigInt(n) * 1_000_000n
  const traceId = hex(n + 1, 32)
  const at = (ms: number): string => String(startNs + BigInt(Math.round(ms * 1e6)))
  const durationMs = durationOf(calls)
  const root = {
    traceId,
    spanId: hex(n * 10_000 + 1, 16),
    name: `GET ${route}`,
    kind: 2,
    startTimeUnixNano: at(0),
    endTimeUnixNano: at(durationMs),
    attributes: attributes({
      'http.request.method': 'GET',
      'http.route': route,
      'http.response.status_code': 200,
      ...more,
    }),
  }
  const statements = Array.from({ length: calls }, (_, i) => ({
    traceId,
    spanId: hex(n * 10_000 + 2 + i, 16),
    parentSpanId: root.spanId,
    name: 'SELECT addresses',
    kind: 3,
    startTimeUnixNano: at(5 + i * (callMs + 1)),
    endTimeUnixNano: at(5 + i * (callMs + 1) + callMs),
    attributes: [
      keyValue('db.system.name', 'postgresql'),
      keyValue('db.query.text', statement),
      keyValue('hotpath.params.hash', `h${n}.${i}`),
      keyValue('db.response.returned_rows', 1),
      keyValue('code.file.path', 'src/users.ts'),
      keyValue('code.line.number', 27),
    ],
  }))
  return traces([root, ...statements], resource(service))
}

/** `count` requests of a route, as counted: they weigh what the traces show. */
export function counted(route: string, count: number, service = 'shop', ms = 200): object {
  const offset = Math.ceil(Math.log2(ms / 1e3) * 16) - 1
  return metrics(
    [
      exponential(count, {
        sum: (count * ms) / 1e3,
        positive: { offset, bucketCounts: [String(count)] },
        attributes: attributes({ 'http.request.method': 'GET', 'http.route': route }),
      }),
    ],
    { from: resource(service) },
  )
}

/** Sends requests with a loop in them, and their counts; resolves once they are stored. */
export async function sendLoops(
  url: string,
  loops: readonly Loop[],
  headers: Record<string, string> = {},
): Promise<void> {
  for (const loop of loops) await accepted(post(`${url}/v1/traces`, loopTrace(loop), headers))
  const byRoute = new Map(loops.map(loop => [loop.route ?? '/users', loop]))
  for (const [route, { service, calls }] of byRoute)
    await accepted(
      post(`${url}/v1/metrics`, counted(route, 100, service, durationOf(calls)), headers),
    )
}

async function accepted(sent: ReturnType<typeof post>): Promise<void> {
  const { status, json } = await sent
  if (status !== 200) throw new Error(`refused: ${status} ${JSON.stringify(json)}`)
}

export const several = (n: number, loop: Omit<Loop, 'n'> = {}, from = 0): Loop[] =>
  Array.from({ length: n }, (_, i) => ({ ...loop, n: from + i }))
