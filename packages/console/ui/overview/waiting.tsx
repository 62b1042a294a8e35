import { Copy } from '../say/copy.js'

const command = 'npx hotpath dev -- node app.js'

/** Nothing was ever received: the one command to run, and the page goes on when something comes. */
export function Waiting() {
  return (
    <section class="waiting">
      <h1>Attach Hotpath to your API</h1>
      <p class="muted">One command, no change of code. Then use the API, or send it some load.</p>
      <div class="command">
        <code>{command}</code>
        <Copy text={command} main />
      </div>
      <p class="listening" role="status">
        <span class="pulse" aria-hidden="true" />
        Waiting for the first request
      </p>
      <p class="muted small">
        Any service that speaks OTLP over HTTP is seen as well: send its traces and metrics to{' '}
        <code>{location.origin}</code>
      </p>
    </section>
  )
}
