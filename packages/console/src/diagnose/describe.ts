import type { Evidence } from '../model.js'
import { count, counted, duration, percent } from './figures.js'
import type { Occurrence } from './occurrence.js'
import type { Course } from './slow-statement.js'
import { median, rowsOf } from './timing.js'

/** So many spans of one trace are named; the trace has the others. */
const namedSpans = 20
const namedTraces = 3

/** A finding's title and evidence, from the requests that show it. */
export function describeOccurrences(
  occurrences: readonly Occurrence[],
  sampled: number,
  course: Course | undefined,
): { readonly title: string; readonly evidence: Evidence } {
  const calls = Math.round(median(occurrences.map(occurrence => occurrence.calls.length)))
  const told = [...occurrences].sort((a, b) => b.takenNs - a.takenNs)
  const typical = told[told.length >> 1]
  if (!typical) throw new Error('nothing to describe')
  const [title, sentences] = {
    'n-plus-one': () => loop(calls, typical),
    'repeated-statement': () => repetition(calls, typical),
    'slow-statement': () => slowness(calls, typical, course),
    'starved-pool': () => starvation(occurrences, typical),
  }[typical.kind]()
  return {
    title,
    evidence: {
      requests: occurrences.length,
      of: sampled,
      sentences: [...sentences, shownBy(occurrences.length, sampled)],
      traces: [typical, ...told.filter(one => one.traceId !== typical.traceId)]
        .slice(0, namedTraces)
        .map(occurrence => ({
          traceId: occurrence.traceId,
          spanIds: occurrence.calls.slice(0, namedSpans).map(call => call.spanId),
          durationMs: occurrence.request.durationNs / 1e6,
        })),
      calls,
    },
  }
}

type Description = readonly [title: string, sentences: readonly string[]]

function loop(calls: number, typical: Occurrence): Description {
  const { distinct, order } = typical
  const different =
    distinct === null
      ? 'parameters not shown by the telemetry'
      : counted(distinct, 'different parameter')
  const inOrder = order === 'sequential' ? 'one after another' : 'several at a time'
  const noun = typical.reading.operation === 'select' ? 'queries' : 'writes'
  return [
    `${count(calls)} ${noun} in a loop`,
    [
      `${count(calls)} calls of one statement, ${different}, ${inOrder}.`,
      partOfRequest(typical),
      eachCall(typical),
    ],
  ]
}

function repetition(calls: number, typical: Occurrence): Description {
  const sets = typical.distinct ?? 1
  return [
    `The same query ${count(calls)} times`,
    [
      sets === 1
        ? `${count(calls)} calls of one statement with the same parameters: one answer would do.`
        : `${count(calls)} calls of one statement with ${count(sets)} sets of parameters: ${count(sets)} answers would do.`,
      partOfRequest(typical),
      eachCall(typical),
    ],
  ]
}

function slowness(calls: number, typical: Occurrence, course: Course | undefined): Description {
  const ms = course?.typicalMs ?? median(typical.calls.map(call => call.durationNs / 1e6))
  const rows = rowsOf(typical.calls)
  const returned = rows.length === 0 ? undefined : counted(median(rows), 'row')
  const returns = returned === undefined ? '' : `, returns ${returned}`
  const all = course ? ` (median of ${counted(course.calls, 'call')})` : ''
  return [
    `Slow query: ${duration(ms)}${returned === undefined ? '' : ` for ${returned}`}`,
    [
      `It takes ${duration(ms)}${all}${returns}; a look-up through an index takes under 2\u2009ms.`,
      ...(course
        ? [
            `Even its quickest calls take ${duration(course.quickMs)}: it is not the machine's load.`,
          ]
        : []),
      ...(calls > 1 ? [`It is called ${count(calls)} times in one request.`] : []),
      partOfRequest(typical),
    ],
  ]
}

function starvation(occurrences: readonly Occurrence[], typical: Occurrence): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    `Waiting ${ms} for a connection`,
    [
      `A request waits ${ms} (median) until the pool of ${typical.subject} has a connection for it.`,
      partOfRequest(typical),
    ],
  ]
}

function partOfRequest({ takenNs, request, traceId }: Occurrence): string {
  const part = Math.min(1, takenNs / Math.max(1, request.durationNs))
  return `In trace ${traceId.slice(0, 8)}, ${duration(takenNs / 1e6)} of ${duration(request.durationNs / 1e6)}: ${percent(part)} of that request.`
}

function eachCall({ calls }: Occurrence): string {
  const ms = median(calls.map(call => call.durationNs / 1e6))
  const rows = rowsOf(calls)
  const returns = rows.length === 0 ? '' : ` and returns ${counted(median(rows), 'row')}`
  return `Each call takes ${duration(ms)}${returns}.`
}

function shownBy(requests: number, sampled: number): string {
  if (sampled === 1) return 'Seen in the one request that was recorded.'
  return `Shown by ${count(requests)} of ${counted(sampled, 'sampled request')}.`
}
