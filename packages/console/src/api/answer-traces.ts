import { ConsoleError } from '../errors.js'
import { routeOf } from '../model.js'
import type { Store, TraceSummary } from '../store/store.js'
import type { TraceRow, TracesAnswer } from './answers.js'
import { totalCount } from './answer-routes.js'
import { allowOnly, numberOf, windowAnswer, windowOf } from './window.js'

const defaultLimit = 20
const mostTraces = 1_000

/** Kept traces in a window: the newest first, or the slowest. */
export async function traces(
  store: Store,
  query: URLSearchParams,
  nowMs: number,
): Promise<TracesAnswer> {
  allowOnly(query, ['route', 'min', 'max', 'status', 'order', 'limit'])
  const window = windowOf(query, nowMs)
  const route = query.get('route')
  const status = oneOf(query, 'status', ['ok', 'error', 'unset'] as const)
  const order = oneOf(query, 'order', ['newest', 'slowest'] as const)
  const [head, found, series] = await Promise.all([
    windowAnswer(store, window),
    store.traces({
      ...window,
      ...(route === null ? {} : { route }),
      ...(status === undefined ? {} : { status }),
      ...(order === undefined ? {} : { order }),
      minDurationMs: numberOf(query, 'min', 0, 0, 86_400_000),
      ...(query.has('max') ? { maxDurationMs: numberOf(query, 'max', 0, 0, 86_400_000) } : {}),
      limit: numberOf(query, 'limit', defaultLimit, 1, mostTraces),
    }),
    store.series('http.server.request.duration', window),
  ])
  const counted =
    route === null ? series : series.filter(({ attributes }) => routeOf(attributes) === route)
  return { ...head, traces: found.map(rowOf), requests: totalCount(counted) }
}

function rowOf({ startNs, durationNs, statusCode, ...summary }: TraceSummary): TraceRow {
  return {
    ...summary,
    startMs: Number(startNs / 1_000n) / 1e3,
    durationMs: durationNs / 1e6,
    statusCode: statusCode ?? null,
  }
}

function oneOf<Name extends string>(
  query: URLSearchParams,
  name: string,
  names: readonly Name[],
): Name | undefined {
  const got = query.get(name)
  if (got === null) return undefined
  const found = names.find(known => known === got)
  if (found === undefined)
    throw new ConsoleError('PARAMETER', { name, expected: `one of ${names.join(', ')}`, got })
  return found
}
