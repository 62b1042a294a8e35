import { adviseSize } from 'hotpath/pool'
import type { Attributes, CounterPoint, Finding, Fix } from '../model.js'
import { count, counted, duration } from './figures.js'
import { configFile } from './fixes.js'
import type { Counted } from './material.js'

/** What was measured of the pools to one database, of one service, in a window. */
export interface PoolFacts {
  readonly service: string
  /** `db:5432/shop`. */
  readonly name: string
  /** Processes that had such a pool at the same time, at most: one that was started again counts once. */
  readonly instances: number
  /** Of one process, as all that follows: connections that it may have, by the last that was heard. */
  readonly size: number
  /** Connections that the server gives to all of them; undefined where it was not asked. */
  readonly serverMax?: number
  /** Connections that were lent, on average. */
  readonly used: number
  /** The same of the steps in which anybody waited, when it was busiest; 0 when nobody was seen to. */
  readonly usedAtWorst: number
  /** Borrowed and given back, a second. */
  readonly perSecond: number
  /** Mean time from borrowing to giving back. */
  readonly useSeconds: number
  /** Connections that were reported as not given back, of all processes; with `pool.leakAfter` alone. */
  readonly leaks: number
}

/** A figure of one process, by step. */
export interface Level {
  readonly name: string
  readonly service: string
  readonly instance: string
  readonly attributes: Attributes
  readonly steps: readonly { readonly startMs: number; readonly value: number }[]
}

/** When a process was heard of. */
export interface Heard {
  readonly service: string
  readonly instance: string
  readonly firstMs: number
  readonly lastMs: number
}

export interface Measured {
  /** `db.client.connection.use_time`. */
  readonly uses: readonly Counted[]
  readonly levels: readonly Level[]
  readonly processes: readonly Heard[]
  readonly counters: readonly CounterPoint[]
}

const NAME = 'db.client.connection.pool.name'

/** So much more is lent than what comes back accounts for, in parts of the pool: it does not come back. */
const heldPart = 0.2

/** What was measured of each pool whose size is known. */
export function poolsOf({ uses, levels, processes, counters }: Measured): PoolFacts[] {
  return uses.flatMap(({ service, attributes, histogram }) => {
    const name = attributes[NAME]
    const own = levels.filter(level => level.service === service && level.attributes[NAME] === name)
    const sizes = own.filter(level => level.name === 'db.client.connection.max')
    const instances = new Set(sizes.map(({ instance }) => instance))
    if (typeof name !== 'string' || instances.size === 0 || histogram.count === 0) return []
    const used = own.filter(
      level =>
        level.name === 'db.client.connection.count' &&
        level.attributes['db.client.connection.state'] === 'used',
    )
    const waiting = own.filter(level => level.name === 'db.client.connection.pending_requests')
    const rooms = own.filter(level => level.name === 'hotpath.pool.server_max')
    const heard = processes.filter(one => one.service === service && instances.has(one.instance))
    const heardSeconds = heard.reduce(
      (sum, { firstMs, lastMs }) => sum + Math.max(1, (lastMs - firstMs) / 1e3),
      0,
    )
    return [
      {
        service,
        name,
        instances: mostAtOnce(heard),
        size: newest(sizes),
        ...(rooms.length === 0 ? {} : { serverMax: Math.round(newest(rooms)) }),
        used: mean(used),
        usedAtWorst: mean(whileWaiting(used, waiting)),
        perSecond: histogram.count / Math.max(1, heardSeconds),
        useSeconds: histogram.sum / histogram.count,
        leaks: counters
          .filter(
            point =>
              point.name === 'hotpath.pool.leaks' &&
              point.service === service &&
              point.attributes[NAME] === name,
          )
          .reduce((sum, { value }) => sum + value, 0),
      },
    ]
  })
}

/** So much of a pool is lent where its size is what requests wait for. */
const fullPart = 0.7

/**
 * Adds to each wait for a connection what was measured of the pool, and says which of two it is: a pool
 * that is too small for what is asked of it, or one whose connections do not come back. They look the
 * same to who waits, and the remedy of the one does nothing for the other. Where connections were left all
 * the time, it is neither: the app's thread was busy, or a burst was over before anybody could look.
 */
export function withPools(findings: readonly Finding[], pools: readonly PoolFacts[]): Finding[] {
  const leaks = findings.filter(({ kind }) => kind === 'connection-leak')
  const isOfLeak = (finding: Finding): boolean =>
    finding.kind === 'starved-pool' && leaks.some(leak => isOfSamePool(leak, finding))
  const waiting = findings.filter(isOfLeak)
  return findings.flatMap(finding => {
    if (finding.kind === 'connection-leak') return withWaits(finding, waiting)
    if (finding.kind !== 'starved-pool') return finding
    if (isOfLeak(finding)) return []
    const own = pools.filter(({ service }) => service === finding.service)
    const facts = own.find(({ name }) => name === finding.subject)
    if (facts === undefined) return finding
    const held = heldOf(facts)
    if (held === 0 && Math.max(atWorst(facts), facts.used) < fullPart * facts.size) return []
    const { title, evidence, fixes } = finding
    return {
      ...finding,
      title: held === 0 ? title : `${title}: some do not come back`,
      evidence: {
        ...evidence,
        sentences: [...evidence.sentences, inUse(facts), ...(held === 0 ? [] : [leaking(facts)])],
      },
      fixes: held === 0 ? [...sizeOf(facts), ...fixes] : giveBack(facts),
    }
  })
}

const isOfSamePool = (a: Finding, b: Finding): boolean =>
  a.service === b.service && a.subject === b.subject

/** A leak whose place is known is the cause of the waits for its pool: they are told with it, once. */
function withWaits(leak: Finding, waiting: readonly Finding[]): Finding {
  const own = waiting.filter(one => isOfSamePool(one, leak))
  if (own.length === 0) return leak
  const totalMs = own.reduce((sum, { cost }) => sum + cost.totalMs, 0)
  const routes = own.map(({ route }) => route)
  return {
    ...leak,
    evidence: {
      ...leak.evidence,
      sentences: [
        ...leak.evidence.sentences,
        `Requests wait for a connection of this pool, ${duration(totalMs)} in all: ${routes.slice(0, 5).join(', ')}${routes.length > 5 ? ' ...' : ''}.`,
      ],
    },
    cost: { ...leak.cost, totalMs },
  }
}

/**
 * Connections of one process that are lent and that nobody gives back. By Little's law, what comes back
 * accounts for rate times time of the connections that are lent; what is lent above that, stays away.
 */
function heldOf(facts: PoolFacts): number {
  const held = facts.used - busyOf(facts)
  if (facts.leaks > 0) return Math.max(1, held)
  return held >= Math.max(1, heldPart * facts.size) ? held : 0
}

const busyOf = ({ perSecond, useSeconds }: PoolFacts): number => perSecond * useSeconds

/**
 * A window holds idle time as well, in which nobody needs a connection: the size is for the steps in
 * which they were too few.
 */
const atWorst = (facts: PoolFacts): number => Math.max(busyOf(facts), facts.usedAtWorst)

function inUse(facts: PoolFacts): string {
  const { instances, size, perSecond, useSeconds, usedAtWorst } = facts
  const worst =
    usedAtWorst > busyOf(facts) ? ` While requests waited, ${few(usedAtWorst)} were in use.` : ''
  return `The pool has ${count(size)}${instances === 1 ? '' : ` in each of ${instances} processes`}; ${few(perSecond)} a second are borrowed and given back after ${duration(useSeconds * 1e3)} on average, which keeps ${few(busyOf(facts))} in use (Little's law).${worst}`
}

function leaking(facts: PoolFacts): string {
  const { leaks, used } = facts
  const lent = `${few(used)} are lent on average: what comes back does not account for them.`
  return leaks === 0
    ? lent
    : `${counted(leaks, 'connection')} ${leaks === 1 ? 'was' : 'were'} reported as not given back. ${lent}`
}

function sizeOf(facts: PoolFacts): Fix[] {
  const { size, instances, serverMax } = facts
  const load = {
    ...facts,
    perSecond: atWorst(facts) / facts.useSeconds,
    size: Math.round(size),
  }
  const needed = adviseSize({ ...load, serverMax: undefined }).size
  if (needed <= size) return []
  const advised = adviseSize(load)
  if (advised.size <= size) return [shorten(advised.advice)]
  const known = serverMax === undefined ? ', after a look at what the server has' : ''
  const larger: Fix = {
    kind: 'code',
    title: `Give the pool ${count(advised.size)} connections${known}`,
    note: `${advised.advice} Of mysql2 the option is connectionLimit.`,
    text: `new Pool({ max: ${advised.size} })`,
    snippet: true,
  }
  return serverMax === undefined
    ? [larger, lookFirst(advised.size * instances, instances)]
    : [larger]
}

function lookFirst(together: number, instances: number): Fix {
  return {
    kind: 'sql',
    title: `Check first: ${counted(together, 'connection')} of ${counted(instances, 'process', 'processes')} must fit in, with 10 to spare`,
    text: 'show max_connections',
    check: true,
  }
}

/** The server has no more: a larger pool would be refused. */
function shorten(advice: string): Fix {
  return {
    kind: 'code',
    title: 'Hold connections for a shorter time: the server has no more of them',
    note: advice,
    text: giveBackFix.text,
    snippet: true,
  }
}

/** What mends connections that do not come back. */
export const giveBackFix = {
  kind: 'code',
  title: 'Give every connection back, in a finally block',
  note: 'A larger pool would only be empty a little later.',
  text: `const client = await pool.connect()
try {
  // ...
} finally {
  client.release()
}`,
  snippet: true,
} as const satisfies Fix

function giveBack({ leaks }: PoolFacts): Fix[] {
  const named = leaks > 0 ? " The app's stderr names the places that did not (docs/pool.md)." : ''
  const mend: Fix = { ...giveBackFix, note: `${giveBackFix.note}${named}` }
  if (leaks > 0) return [mend]
  return [
    mend,
    {
      kind: 'config',
      title: 'Let Hotpath name the place that keeps them (docs/pool.md)',
      note: "In hotpath.config.js, beside the app's package.json.",
      text: configFile("  pool: { leakAfter: '5s' },"),
    },
  ]
}

/** How many were heard of at the same time, at most; at least 1. */
function mostAtOnce(heard: readonly Heard[]): number {
  return heard.reduce((most, { firstMs: atMs }) => {
    const then = heard.filter(({ firstMs, lastMs }) => firstMs <= atMs && lastMs >= atMs)
    return Math.max(most, then.length)
  }, 1)
}

/** Their mean in the last step: a process that is gone may have had another size. */
function newest(levels: readonly Level[]): number {
  const starts = levels.map(({ steps }) => steps.at(-1)?.startMs ?? 0)
  const lastMs = starts.reduce((a, b) => Math.max(a, b), 0)
  return mean(levels.filter((_, i) => starts[i] === lastMs).map(level => onlyAt(level, [lastMs])))
}

/** Figures of the steps in which somebody waited in the same process. */
function whileWaiting(levels: readonly Level[], waiting: readonly Level[]): Level[] {
  const waits = new Map<string, number[]>()
  for (const { instance, steps } of waiting)
    waits.set(
      instance,
      steps.filter(({ value }) => value > 0).map(({ startMs }) => startMs),
    )
  return levels.map(level => onlyAt(level, waits.get(level.instance) ?? []))
}

function onlyAt(level: Level, startsMs: readonly number[]): Level {
  return { ...level, steps: level.steps.filter(({ startMs }) => startsMs.includes(startMs)) }
}

/** The mean over steps and processes. */
function mean(levels: readonly Level[]): number {
  const values = levels.flatMap(({ steps }) => steps.map(({ value }) => value))
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length
}

/** Two digits are enough for what is an average. */
const few = (value: number): string => String(Number(value.toPrecision(2)))
