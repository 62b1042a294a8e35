import { shuffled } from '../statistics/shuffle.js'
import { quantileOf } from '../statistics/quantile.js'
import type { Estimate } from '../statistics/interval.js'

export interface QuerySetting {
  readonly port: number
  /** All that was filled in. */
  readonly fromMs: number
  readonly untilMs: number
  readonly rounds: number
  /** No round begins later than this: a slow answer must not make the run endless. */
  readonly budgetMs: number
  readonly random: () => number
}

export interface QueryResult {
  readonly name: string
  readonly runs: number
  readonly medianMs: number
  readonly p95Ms: Estimate
}

const iso = (ms: number): string => new Date(ms).toISOString()

/** What the page asks for, on all that is stored and on its last 15 minutes. */
async function questions({ port, fromMs, untilMs }: QuerySetting) {
  const all = `since=${iso(fromMs)}&until=${iso(untilMs)}`
  const last = `since=${iso(untilMs - 15 * 60e3)}&until=${iso(untilMs)}`
  const middle = (fromMs + untilMs) / 2
  const some = `since=${iso(middle)}&until=${iso(middle + 10e3)}`
  const { traces } = (await ask(port, `traces?${some}&limit=1`)).body as {
    traces: { traceId: string }[]
  }
  const route = 'route=GET+%2Forders%2F%3Aid'
  return {
    'routes, all': `routes?${all}`,
    'routes, 15 min': `routes?${last}`,
    'statements, all': `statements?${all}`,
    'newest traces, all': `traces?${all}`,
    'slowest traces, all': `traces?${all}&order=slowest`,
    'newest traces of a route, all': `traces?${all}&${route}`,
    'slowest traces of a route, all': `traces?${all}&order=slowest&${route}`,
    'failed traces, all': `traces?${all}&status=error`,
    'slowest traces, 15 min': `traces?${last}&order=slowest`,
    'findings, all': `findings?${all}`,
    'findings, 15 min': `findings?${last}`,
    'one trace': `traces/${traces[0]?.traceId}`,
    'timeline, all': `timeline?${all}`,
    'timeline of a route, 15 min': `timeline?${last}&${route}`,
    'processes, 15 min': `processes?${last}`,
  }
}

/** Asks every question once in each round, in an order drawn anew, over HTTP, and takes its time. */
export async function queries(setting: QuerySetting): Promise<QueryResult[]> {
  const asked = Object.entries(await questions(setting))
  const times = new Map<string, number[]>()
  // Once before: the file is cold after its console was started. An answer that is not there yet is left out.
  for (const [name, path] of asked)
    if ((await ask(setting.port, path)).status === 200) times.set(name, [])
  const known = asked.filter(([name]) => times.has(name))
  const startMs = performance.now()
  for (let round = 0; round < setting.rounds; round++) {
    if (round > 0 && performance.now() - startMs > setting.budgetMs) break
    // Each round's window ends a millisecond later: no answer comes ready-made from the console's memory.
    // Which spans old traces have, the store knows from the round before, as between two looks at the page.
    const [end, later] = [iso(setting.untilMs), iso(setting.untilMs + 1 + round)]
    for (const [name, question] of shuffled(known, setting.random)) {
      const path = question.replace(end, later)
      const beginMs = performance.now()
      const { status } = await ask(setting.port, path)
      if (status !== 200) throw new Error(`${path} answered ${status}`)
      times.get(name)?.push(performance.now() - beginMs)
    }
  }
  return known.map(([name]) => {
    const runs = times.get(name) ?? []
    return {
      name,
      runs: runs.length,
      medianMs: quantileOf(runs, 0.5).value,
      p95Ms: quantileOf(runs, 0.95),
    }
  })
}

async function ask(port: number, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/api/${path}`)
  return { status: response.status, body: await response.json() }
}
