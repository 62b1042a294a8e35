import type { Attributes, Histogram, Trace } from '../model.js'
import { add } from './occurrence.js'
import { emptyHistogram, merge } from './quantile.js'
import { reading } from './reading.js'
import { type Courses, courseOf, statementKey } from './course.js'
import { seenIn } from './seen.js'

/** A histogram of all requests of a route, or all calls of a statement, in seconds. */
export interface Counted {
  readonly service: string
  readonly attributes: Attributes
  readonly histogram: Histogram
}

export interface Material {
  /** Sampled: some of each route. */
  readonly traces: readonly Trace[]
  /** `http.server.request.duration`: counts every request. */
  readonly routes: readonly Counted[]
  /** `db.client.operation.duration`: counts every call. */
  readonly statements: readonly Counted[]
}

/** How each statement of each service went: by its histogram, or when it is small by sampled calls. */
export function coursesOf({ traces, statements }: Material): Courses {
  const callsMs = new Map<string, Float64Array[]>()
  for (const trace of traces) for (const [key, ms] of seenIn(trace).callsMs) add(callsMs, key, ms)
  const histograms = new Map<string, Histogram>()
  for (const { service, attributes, histogram } of statements) {
    const text = attributes['db.query.text']
    if (typeof text !== 'string') continue
    const key = statementKey(service, reading(text).template)
    histograms.set(key, merge(histograms.get(key) ?? emptyHistogram, histogram))
  }
  return new Map(
    [...new Set([...callsMs.keys(), ...histograms.keys()])].flatMap(key => {
      const course = courseOf(histograms.get(key) ?? emptyHistogram, callsMs.get(key) ?? [])
      return course ? [[key, course] as const] : []
    }),
  )
}
