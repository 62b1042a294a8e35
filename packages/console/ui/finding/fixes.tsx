import type { Fix } from '../../src/model.js'
import { Copy } from '../say/copy.js'
import { Sql } from '../say/sql.js'

const kinds: Readonly<Record<Fix['kind'], string>> = {
  config: 'configuration',
  sql: 'SQL',
  code: 'change of code',
}

/** What would mend it, the most concrete first, each to be copied as it is. */
export function Fixes({ fixes }: { fixes: readonly Fix[] }) {
  if (fixes.length === 0) return <p class="muted">No fix is known for this.</p>
  return (
    <ol class="fixes">
      {fixes.map((fix, i) => (
        <li key={fix.title}>
          <div class="detail-head">
            <h2>{fix.title}</h2>
            <span class="chip">{kinds[fix.kind]}</span>
            <span class="grow" />
            <Copy text={fix.text} label={i === 0 ? 'Copy the fix' : 'Copy'} main={i === 0} />
          </div>
          {fix.kind === 'sql' ? <Sql text={fix.text} /> : <p class="prose">{fix.text}</p>}
        </li>
      ))}
    </ol>
  )
}
