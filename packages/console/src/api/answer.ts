import { ConsoleError } from '../errors.js'
import type { Store } from '../store/store.js'
import { finding, findings } from './answer-findings.js'
import { routes, statements } from './answer-routes.js'
import { compare } from './answer-compare.js'
import { timeline } from './answer-timeline.js'
import { limits } from './answer-limits.js'
import { processes } from './answer-processes.js'
import { trace } from './answer-trace.js'
import { traces } from './answer-traces.js'

const lists = { routes, statements, traces, findings, timeline, processes, limits, compare }

/**
 * Answers a question about what is stored: `routes`, `statements`, `timeline`, `processes`, `limits`, `traces`,
 * `traces/ID`, `compare`, `findings` or `findings/ID`; the shapes are in `answers.ts`. All faces ask here, so they say the same. Throws a
 * `ConsoleError` for an unknown path or id (404) and for a parameter that cannot be read (400).
 *
 * @example
 * await answer(store, 'routes', new URLSearchParams('since=2h&service=coffee-shop'), Date.now())
 */
export async function answer(
  store: Store,
  path: string,
  query: URLSearchParams,
  nowMs: number,
): Promise<unknown> {
  const [name = '', id, ...more] = path.split('/')
  if (id === undefined && Object.hasOwn(lists, name))
    return lists[name as keyof typeof lists](store, query, nowMs)
  if (id !== undefined && more.length === 0) {
    if (name === 'traces') return trace(store, id, query)
    if (name === 'findings') return finding(store, id, query, nowMs)
  }
  if (path === 'alerts') throw new ConsoleError('ALERTS_NEED_CONSOLE', {})
  const known =
    'routes, statements, timeline, processes, limits, traces, traces/ID, compare, findings, findings/ID and alerts'
  throw new ConsoleError('ANSWER_UNKNOWN', { path, known })
}
