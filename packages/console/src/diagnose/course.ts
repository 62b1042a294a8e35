import type { Histogram } from '../model.js'
import { enough, quantile } from './quantile.js'
import { middleOf } from './timing.js'

/** How all calls of a statement went, in milliseconds. */
export interface Course {
  readonly calls: number
  readonly typicalMs: number
  /** One call in ten is at least as quick. */
  readonly quickMs: number
}

/** How the statements of each service went, by `statementKey`. */
export type Courses = ReadonlyMap<string, Course>

/** From so many statements on, they show how far away the database is, and how busy the machine. */
const neighbours = 3
/** This part of the neighbours may be stretched by less than what counts as the machine's. */
const calmPart = 0.25

/** By how much the machine stretches the calls of these statements, in milliseconds: what is typical above what is quick. */
export function busyMsOf(courses: readonly Course[]): number {
  if (courses.length < neighbours) return 0
  return atPart(
    calmPart,
    courses.map(({ typicalMs, quickMs }) => typicalMs - quickMs),
  )
}

/** How many times as long as its quick calls the typical one of most of these statements takes; 1 where there are few. */
export function stretchOf(courses: readonly Course[]): number {
  const known = courses.filter(({ quickMs }) => quickMs > 0)
  if (known.length < neighbours) return 1
  return atPart(
    0.5,
    known.map(({ typicalMs, quickMs }) => typicalMs / quickMs),
  )
}

/** How far away the database of these statements is: the quickest of them. */
export function wayMsOf(courses: readonly Course[]): number {
  if (courses.length < neighbours) return 0
  return atPart(
    0,
    courses.map(({ quickMs }) => quickMs),
  )
}

/** How the statements of a service went, but for one. */
export function coursesIn(courses: Courses, service: string, but?: Course): Course[] {
  return [...courses].flatMap(([key, course]) =>
    key.startsWith(statementKey(service, '')) && course !== but ? [course] : [],
  )
}

/** The value that this part of the others is below; 0 when there are none. */
export function atPart(part: number, values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(part * values.length)] ?? 0
}

export function statementKey(service: string, template: string): string {
  return `${service}\u0000${template}`
}

/** From the histogram of all calls, or when those are few from the calls in each sampled trace, in milliseconds. */
export function courseOf(
  histogram: Histogram,
  sampledMs: readonly Float64Array[],
): Course | undefined {
  if (histogram.count >= enough)
    return {
      calls: histogram.count,
      typicalMs: (quantile(histogram, 0.5) ?? 0) * 1e3,
      quickMs: (quantile(histogram, 0.1) ?? 0) * 1e3,
    }
  const ms = inOrder(sampledMs)
  if (ms.length === 0) return undefined
  return { calls: ms.length, typicalMs: middleOf(ms), quickMs: ms[0] ?? 0 }
}

/** 20,000 numbers in 2 ms. */
function inOrder(lists: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all.sort()
}
