import assert from 'node:assert/strict'
import { found } from '../../dist/diagnose/findings.js'
import type { Counted } from '../../dist/diagnose/material.js'
import type { Attributes, Finding, Histogram, Trace } from '../../dist/model.js'
import { withGains } from '../../dist/predict/gain.js'
import { draw, type Drawn } from '../draw.js'

export const GET_X: Attributes = { 'http.request.method': 'GET', 'http.route': '/x' }

export function counted(attributes: Attributes, ms: readonly number[]): Counted {
  return { service: 'shop', attributes, histogram: histogramOf(ms) }
}

/** In buckets of 2 %, as precise as the expectations here. */
function histogramOf(ms: readonly number[]): Histogram {
  const scale = 5
  const indexes = ms.map(value => Math.ceil(Math.log2(value / 1e3) * 2 ** scale) - 1)
  const offset = Math.min(...indexes)
  const buckets = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0)
  for (const index of indexes) buckets[index - offset] = (buckets[index - offset] ?? 0) + 1
  return {
    count: ms.length,
    sum: ms.reduce((a, b) => a + b, 0) / 1e3,
    scale,
    zeroCount: 0,
    offset,
    buckets,
  }
}

export const times = (n: number, ms: number): number[] => Array.from({ length: n }, () => ms)
export const drawn = (n: number, picture: string, changes: Record<string, Drawn> = {}): Trace[] =>
  Array.from({ length: n }, () => draw(picture, changes))

interface Given {
  readonly requestsMs?: readonly number[]
  readonly statements?: readonly Counted[]
}

/** The finding of a kind in these traces, in an hour. */
export function finding(kind: string, traces: readonly Trace[], given: Given = {}): Finding {
  const { requestsMs = [], statements = [] } = given
  const routes = requestsMs.length === 0 ? [] : [counted(GET_X, requestsMs)]
  const material = { traces, statements, routes }
  const one = withGains(found(material), material, 1).find(found => found.kind === kind)
  assert.ok(one, `no ${kind}`)
  return one
}

export function averages(one: Finding): [before: number, after: number] {
  const predicted = one.gain?.predicted
  assert.ok(predicted, `nothing predicted: ${one.gain?.how.join(' ')}`)
  return [predicted.before.averageMs, predicted.after.averageMs].map(ms =>
    Number(ms.toFixed(1)),
  ) as [number, number]
}

export const says = (one: Finding): string =>
  (one.gain?.how ?? []).join(' ').replaceAll('\u2009', ' ')
