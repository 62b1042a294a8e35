import assert from 'node:assert/strict'
import type { RunningConsole } from '../../dist/console.js'
import { always, post } from '../running.js'
import { metrics } from './requests.js'

export const requests = 'http.server.request.duration'

export async function send(
  running: RunningConsole,
  list: readonly object[],
  options = {},
): Promise<unknown> {
  const { status, json } = await post(`${running.url}/v1/metrics`, metrics(list, options))
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

export const countOf = async (running: RunningConsole, service?: string): Promise<number> => {
  const series = await running.store.series(requests, {
    ...always,
    ...(service ? { service } : {}),
  })
  return series.reduce((sum, each) => sum + each.histogram.count, 0)
}
