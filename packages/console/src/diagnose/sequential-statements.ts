import type { Fix, Trace, TraceSpan } from '../model.js'
import { groups, type Group } from './calls.js'
import { isInSeveral } from './confirm.js'
import { statementKey } from './course.js'
import { duration } from './figures.js'
import { nPlusOne } from './n-plus-one.js'
import {
  add,
  type Description,
  type Detector,
  type DetectorMeta,
  type Occurrence,
  occurrenceOf,
  type Told,
  type Weighed,
} from './occurrence.js'
import { parametersOf } from './parameters.js'
import { reading } from './reading.js'
import { sideBySide } from './remedy.js'
import { partOfRequest } from './sentences.js'
import { isAnyBetween, median } from './timing.js'
import { inTransaction } from './transaction.js'

const settings = {
  /** What is saved is the shorter of the two: below 2 ms it is a round trip or two. */
  savedMs: 2,
  /** And it is a part of the request that somebody would notice. */
  share: 0.1,
  /** As of slow statements: of ten calls one runs undisturbed on a busy machine, and shows what it costs by itself. */
  quickPart: 0.5,
  /** Code between two statements that belong together takes less. */
  gapMs: 5,
  /** So many requests with the same parameters show that they come from nowhere in the request. */
  requests: 3,
}

const meta: DetectorMeta = {
  id: 'sequential-statements',
  title: 'Queries that could run together',
  why: 'The second waits for the first and needs nothing of it: the request takes the sum where the longer one would do.',
  threshold: `${settings.savedMs} ms and ${settings.share * 100} % of the request saved: less is a round trip.`,
  about: 'statement',
}

export const sequentialStatements: Detector = {
  meta,
  detect,
  isConfirmed,
  describe,
  fixes,
  remedy: sideBySide,
  inShort: ({ takenNs }) =>
    `waiting for a query that could run beside another: ${duration(takenNs / 1e6)}`,
}

/** Finds two reads one right after the other of which the second may not need the first; `isConfirmed` says whether. */
function detect(trace: Trace): readonly Occurrence[] {
  const loops = new Set(nPlusOne.detect(trace).flatMap(({ calls }) => calls))
  const byRequest = new Map<TraceSpan, Group[]>()
  for (const group of groups(trace)) add(byRequest, group.request, group)
  return [...byRequest].flatMap(([request, own]) => {
    const once = own.filter(
      ({ calls, reading: { operation, locks } }) =>
        calls.length === 1 &&
        operation === 'select' &&
        !locks &&
        !calls.some(call => loops.has(call)),
    )
    const inOrder = once.toSorted((a, b) => startOf(a) - startOf(b))
    return inOrder.flatMap((second, i) => {
      const first = inOrder[i - 1]
      if (first === undefined || !isRightAfter(first, second)) return []
      const [a, b] = [first.calls[0], second.calls[0]]
      if (!a || !b || inTransaction([a, b], request, trace)) return []
      const takenNs = Math.min(a.durationNs, b.durationNs)
      if (takenNs < settings.savedMs * 1e6 || takenNs < settings.share * request.durationNs)
        return []
      return [
        {
          ...occurrenceOf(meta.id, trace, second),
          calls: [a, b],
          distinct: null,
          order: 'sequential' as const,
          takenNs,
          beside: first.reading.template,
        },
      ]
    })
  })
}

const startOf = ({ calls }: Group): number => calls[0]?.offsetNs ?? 0

function isRightAfter(first: Group, second: Group): boolean {
  const [a, b] = [first.calls[0], second.calls[0]]
  if (!a || !b || a.parent !== b.parent) return false
  const gapNs = b.offsetNs - (a.offsetNs + a.durationNs)
  return gapNs >= 0 && gapNs <= settings.gapMs * 1e6 && !isAnyBetween(a, b)
}

/**
 * The second needs nothing of the first when it has no parameters. Where the first's differ from request to
 * request, also when the second's are those of the first in each: then they come from the caller. Where nothing
 * differs, they may come from anywhere. So may those that are always the same: what the first returns may be
 * the same each time, though it was asked with another time of day (Directus reads the newest 100 entries of
 * its log so, and then asks for what belongs to them) or for another user of the same customer.
 * And both take that long typically, not only in the requests that were kept for being slow.
 */
function isConfirmed(weighed: Weighed): boolean {
  const { occurrences, courses } = weighed
  if (!isInSeveral(weighed)) return false
  const [first] = occurrences
  const both = [first?.subject, first?.beside].map(template =>
    courses.get(statementKey(first?.service ?? '', template ?? '')),
  )
  const isLong = both.every(
    course =>
      course !== undefined &&
      course.typicalMs >= settings.savedMs &&
      course.quickMs >= settings.quickPart * settings.savedMs,
  )
  return isLong && isIndependent(occurrences)
}

function isIndependent(occurrences: readonly Occurrence[]): boolean {
  const pairs = occurrences.map(({ calls: [a, b] }) => ({
    process: b?.instance,
    first: a && parametersOf(a),
    second: b && parametersOf(b),
    isBare: b !== undefined && isBare(b),
    hasLiteralsOnly: b !== undefined && hasLiteralsOnly(b),
  }))
  if (pairs.every(({ isBare }) => isBare)) return true
  if (pairs.length < settings.requests || pairs.some(({ second }) => second === undefined))
    return false
  const [one] = pairs
  const isFixed = pairs.every(
    ({ process, second }) => process === one?.process && second === one?.second,
  )
  if (isFixed && pairs.every(pair => pair.hasLiteralsOnly)) return true
  if (new Set(pairs.map(({ first }) => first)).size < 2) return false
  return pairs.every(({ first, second }) => first === second)
}

/** Neither parameters nor literals. */
function isBare(call: TraceSpan): boolean {
  const { literals, hasParameters } = reading(textOf(call))
  return call.attributes['hotpath.params.hash'] === undefined && !hasParameters && literals === ''
}

/** PostgreSQL's parameters are `$1`, and `?` is where our recorder took a literal out of the text. */
function hasLiteralsOnly(call: TraceSpan): boolean {
  return call.attributes['db.system.name'] === 'postgresql' && !/\$\d/.test(textOf(call))
}

const textOf = (call: TraceSpan): string => String(call.attributes['db.query.text'])

function describe({ occurrences, typical }: Told): Description {
  const ms = duration(median(occurrences.map(({ takenNs }) => takenNs / 1e6)))
  return [
    `Two queries in turn that could run together`,
    [
      `It waits for \`${shortened(typical.beside ?? '')}\`, and nothing of what that returns is among its parameters.`,
      `The shorter of the two takes ${ms} (median), which running both at once saves.`,
      partOfRequest(typical),
    ],
  ]
}

/** Enough of a statement to know it again. */
function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

function fixes(): Fix[] {
  return [
    {
      kind: 'code',
      title: 'Begin both, then wait for both',
      note: 'Through a pool: one connection runs one statement at a time. Not where the second is only asked depending on what the first says, nor within one transaction.',
      text: 'const [one, other] = await Promise.all([askOne(), askOther()])',
      snippet: true,
    },
  ]
}
