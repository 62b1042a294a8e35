import type { ServerResponse } from 'node:http'
import { answerOf } from '../answers/answer.js'
import { KeptRows } from '../answers/columns.js'
import { lookAt, repeatsOf } from '../answers/look.js'
import { rawHeadersOf } from '../serve/raw-headers.js'
import type { Template } from '../sql/template.js'
import type { OpenSpan } from '../trace/span.js'
import type { ServerSpan } from './server-span.js'
import { StatementSpan } from './statement-span.js'

/**
 * The answer is out, and nobody waits: what it was made of is looked at, where its trace is kept, its rows
 * were, or its turn to be compared has come. For all others this is 0.1 us.
 */
export function seeAnswer(
  span: ServerSpan,
  spans: readonly OpenSpan[],
  response: ServerResponse,
): void {
  const { trace, body, url } = span
  const { rows } = trace
  trace.rows = null
  span.body = undefined
  const kept = trace.reason !== ''
  if (span.fromCache || span.method === 'HEAD' || !response.writableFinished) return
  const stats = span.stats()
  const compared =
    span.compared ??
    (body !== undefined && span.method === 'GET' && repeatsOf(stats).takesTurn(url, span.endMs))
  const keeper = rows instanceof KeptRows ? rows : undefined
  if (!kept && !compared && keeper === undefined) return
  const seen = lookAt({
    stats,
    answer: answerOf(span, response.req, rawHeadersOf(response.req), response, body),
    beganMs: span.startMs,
    templates: templatesOf(spans),
    rows: keeper,
    kept,
    compared,
  })
  if (kept) span.seen = seen
}

function templatesOf(spans: readonly OpenSpan[]): Set<Template> {
  const templates = new Set<Template>()
  for (const span of spans)
    if (span instanceof StatementSpan) templates.add(span.statement.template)
  return templates
}
