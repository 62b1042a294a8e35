import { type Fix, isVerbatim } from '../../src/model.js'
import { Copy } from '../say/copy.js'
import { Sql } from '../say/sql.js'

const kinds: Readonly<Record<Fix['kind'], string>> = {
  config: 'configuration',
  sql: 'SQL',
  code: 'change of code',
}

/**
 * What would mend it, the most concrete first, each to be copied as it is. The one button that stands
 * out is the first remedy's; what only looks says so.
 */
export function Fixes({ fixes }: { fixes: readonly Fix[] }) {
  if (fixes.length === 0) return <p class="muted">No fix is known for this.</p>
  const remedy = fixes.findIndex(fix => fix.check === undefined)
  return (
    <ol class="fixes">
      {fixes.map((fix, i) => (
        <li key={fix.title}>
          <div class="detail-head">
            <h2>{fix.title}</h2>
            <span class="chip">{fix.check ? 'check' : kinds[fix.kind]}</span>
            <span class="grow" />
            <Copy
              text={fix.text}
              label={i === remedy ? 'Copy the fix' : fix.check ? 'Copy the check' : 'Copy'}
              main={i === remedy || (remedy < 0 && i === 0)}
            />
          </div>
          {fix.note === undefined ? null : <p class="prose">{fix.note}</p>}
          <Text fix={fix} />
        </li>
      ))}
    </ol>
  )
}

function Text({ fix }: { fix: Fix }) {
  if (fix.kind === 'sql') return <Sql text={fix.text} />
  return isVerbatim(fix) ? <pre>{fix.text}</pre> : <p class="prose">{fix.text}</p>
}
