import { detectorOf } from '../diagnose/detectors.js'
import { count, counted } from '../diagnose/figures.js'
import type { Found } from '../diagnose/findings.js'
import type { Counted, Material } from '../diagnose/material.js'
import type { Told, Weighed } from '../diagnose/occurrence.js'
import { emptyHistogram, merge } from '../diagnose/quantile.js'
import type { Change } from '../diagnose/remedy.js'
import { type Finding, type Gain, type Histogram, routeOf, type TraceSpan } from '../model.js'
import { type Population, populationOf, populationWith, type Replayed } from './population.js'
import { replayed } from './replay.js'
import { countOf, distributionOf, spreadOf, totalOf } from './shares.js'

/**
 * Findings with what their first fix would gain, in the order of what it would save. One without a
 * prediction stands at what it costs, which is the most that its fix can save.
 */
export function withGains(found: readonly Found[], material: Material, hours: number): Finding[] {
  return found
    .map(one => ({ ...one.finding, gain: gainOf(one, material.routes, hours) }))
    .sort(byWorth)
}

/** The order of findings. */
export const byWorth = (a: Finding, b: Finding): number => worthOf(b) - worthOf(a)

const worthOf = ({ gain, cost }: Finding): number => gain?.predicted?.savedMs ?? cost.totalMs

function gainOf({ finding, weighed }: Found, routes: readonly Counted[], hours: number): Gain {
  const { remedy } = detectorOf(finding.kind)
  const changes = new Map<TraceSpan, Change>()
  for (const occurrence of weighed.occurrences) {
    const change = remedy.changes(occurrence, weighed.courses)
    if (change === undefined) return unsaid(remedy.how(toldOf(weighed)))
    changes.set(occurrence.request, change)
  }
  const samples = weighed.sampled.map(request => sampleOf(request, changes.get(request)))
  const histogram = countedOf(finding, routes)
  const population =
    histogram.count === 0 ? populationOf(samples) : populationWith(histogram, samples)
  const how = [remedy.how(toldOf(weighed)), from(samples.length, histogram.count)]
  return { how, predicted: predictionOf(population, hours) }
}

const unsaid = (how: string): Gain => ({ how: [how], predicted: null })

function toldOf({ occurrences, courses }: Weighed): Told {
  const byTime = occurrences.toSorted((a, b) => b.takenNs - a.takenNs)
  const typical = byTime[byTime.length >> 1]
  if (typical === undefined) throw new Error('nothing to tell of')
  return { occurrences, typical, calls: typical.calls.length, courses }
}

function sampleOf(request: TraceSpan, change: Change | undefined): Replayed {
  const ms = request.durationNs / 1e6
  if (change === undefined) return { ms, thenMs: ms }
  const { answered } = change
  return {
    ms,
    thenMs: replayed(request, change) / 1e6,
    ...(answered && { answered: { part: answered.part, inMs: answered.inNs / 1e6 } }),
  }
}

/** All requests of the route, whatever they were answered with. */
function countedOf({ service, route }: Finding, routes: readonly Counted[]): Histogram {
  return routes
    .filter(series => series.service === service && routeOf(series.attributes) === route)
    .reduce((sum, series) => merge(sum, series.histogram), emptyHistogram)
}

function predictionOf(population: Population, hours: number): Gain['predicted'] {
  const { before, after } = population
  const savedMs = Math.max(0, totalOf(before) - totalOf(after))
  return {
    before: spreadOf(before),
    after: spreadOf(after),
    requests: countOf(before),
    throughput: totalOf(before) / Math.max(1e-6, totalOf(after)),
    savedMs,
    savedMsPerHour: savedMs / hours,
    distribution: distributionOf(population),
  }
}

function from(sampled: number, all: number): string {
  const replays = `${counted(sampled, 'sampled request')} ${sampled === 1 ? 'was' : 'were'} replayed`
  if (all === 0) return `${replays} with it.`
  return `${replays} with it; each speaks for those of all ${count(all)} that took about as long.`
}
