import type { Attributes as Values, AttributeValue } from '../../src/model.js'
import { Copy } from '../say/copy.js'

/** More than this is cut in the list; Copy has all of it. */
const longest = 300

/** All that the span carries, by name. Shown as text, whatever it holds. */
export function Attributes({ attributes, spanId }: { attributes: Values; spanId: string }) {
  const entries = Object.entries(attributes)
    .filter(([name]) => name !== 'db.query.text')
    .sort(([a], [b]) => a.localeCompare(b))
  return (
    <details class="attributes">
      <summary>
        <h2>Attributes</h2> <span class="muted">{entries.length}</span>
      </summary>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt class="mono muted">{name}</dt>
            <dd class="mono">{cut(textOf(value))}</dd>
          </div>
        ))}
      </dl>
      <p class="small muted">
        Span <code>{spanId}</code> <Copy text={spanId} />{' '}
        <Copy text={JSON.stringify(attributes, null, 2)} label="Copy all" />
      </p>
    </details>
  )
}

const textOf = (value: AttributeValue): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)
