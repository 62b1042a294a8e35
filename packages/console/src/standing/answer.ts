import { answer } from '../api/answer.js'
import { findings } from '../api/answer-findings.js'
import type { Store } from '../store/store.js'
import { type Known, toldOfAll, toldOfOne } from './told.js'

/**
 * The answer to `findings` or `findings/ID` with how each finding stands. `make` gives the answer to
 * `findings`, which one that is kept may serve. Throws as `answer` does.
 */
export async function answerFindings(
  store: Store,
  path: string,
  query: URLSearchParams,
  known: Known,
  make = () => findings(store, query, known.nowMs),
): Promise<unknown> {
  if (path === 'findings') return toldOfAll(await make(), known)
  const [, id, ...more] = path.split('/')
  // Says what there is.
  if (id === undefined || more.length > 0) return answer(store, path, query, known.nowMs)
  return toldOfOne(await make(), id, known)
}
