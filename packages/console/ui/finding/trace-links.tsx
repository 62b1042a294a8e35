import type { Finding } from '../../src/model.js'
import { linkTo } from '../place/place.js'
import { duration, shortId } from '../say/figures.js'

const names = ['The trace drawn above', 'The one in which it took longest', 'Another one']

/** The traces that show a finding: first the one that its sentences name, which is drawn as well. */
export function TraceLinks({ finding: { evidence } }: { finding: Finding }) {
  if (evidence.traces.length === 0) return null
  return (
    <ul class="links trace-links" aria-label="Traces that show it">
      {evidence.traces.map(({ traceId, spanIds, durationMs }, i) => (
        <li key={traceId}>
          <a class="whole" href={linkTo(`/traces/${traceId}`, { span: spanIds[0] })}>
            {names[i]}
          </a>
          <span class="right">{duration(durationMs)}</span>
          <code class="muted">{shortId(traceId)}</code>
          <span class="kbd">{i === 0 ? 'T' : '›'}</span>
        </li>
      ))}
    </ul>
  )
}
