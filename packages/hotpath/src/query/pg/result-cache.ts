import { processTags } from '../../cache/tags.js'
import type { Host } from '../host.js'
import type { TableCacheSettings } from '../policy.js'
import { type CountResult, ResultCache } from '../results.js'
import { TableNames } from '../table-names.js'
import type { Parts } from './parts.js'

/** The cache of `queries: { cache: { tables } }`. */
export function resultCache(parts: Parts, settings: TableCacheSettings): ResultCache {
  const { host, defects, observing } = parts
  const names = new TableNames(
    settings.tables,
    () => observing?.labels(),
    (name, near) => {
      const hint = near === undefined ? '' : ` Did you mean "${near}"?`
      host.say(`the config names the table "${name}", which the database does not have.${hint}`)
      host.tally('config.unmatched', 1)
    },
  )
  const tags = processTags()
  return new ResultCache(settings, host.now, counter(host), defects, names, () => tags.strict)
}

/** Each read is counted: in lots, as a counter that leaves is found by a text. */
function counter(host: Host): CountResult {
  const counts = { hits: 0, misses: 0, dropped: 0, 'shadow.hits': 0, 'shadow.stale': 0 }
  host.beforeCounts(() => {
    for (const what of Object.keys(counts) as (keyof typeof counts)[]) {
      if (counts[what] > 0) host.tally(`query.cache.${what}`, counts[what])
      counts[what] = 0
    }
  })
  return (what, n) => {
    counts[what] += n
  }
}
