import type { Placed } from './assemble.js'
import { statementKey } from './doubled.js'

/** Below this a wait for a connection is no wait: our recorder does not report it either. */
const waitNs = 500_000
/** Below this the frames around the user's code say nothing of where the time went. */
const frameNs = 1_000_000

/**
 * Leaves out what OpenTelemetry's instrumentations report beside the work, so that a trace of theirs
 * reads like one of ours: spans of middleware, sockets, files and pools that took next to no time
 * themselves, and query builders' spans whose statement stands in the driver's span below. What hung
 * below them hangs higher; roots and failures stay. Said in `notes`.
 */
export function tidy(placed: readonly Placed[], notes: string[]): Placed[] {
  const gone = new Set<Placed>()
  let doubled = 0
  for (const span of placed) {
    if (!span.parent || span.status === 'error') continue
    const double = isDoubled(span)
    if (double) doubled++
    if (double || isFrame(span)) gone.add(span)
  }
  if (gone.size === 0) return [...placed]
  const kept = placed.filter(span => !gone.has(span))
  for (const span of kept) span.children = heirs(span, gone)
  const frames = gone.size - doubled
  if (frames > 0)
    notes.push(`Left out: ${frames} spans of middleware, sockets and pools that took no time.`)
  if (doubled > 0)
    notes.push(`Left out: ${doubled} spans whose statement the driver reported as well.`)
  return kept
}

/** The nearest spans below that stay, adopted; without recursion, since traces may be deep. */
function heirs(span: Placed, gone: ReadonlySet<Placed>): Placed[] {
  const found: Placed[] = []
  const stack = [...span.children]
  for (let child = stack.pop(); child; child = stack.pop()) {
    if (gone.has(child)) stack.push(...child.children)
    else {
      child.parent = span
      found.push(child)
    }
  }
  return found
}

function isDoubled(span: Placed): boolean {
  if (span.children.length === 0) return false
  const key = statementKey(span)
  return key !== undefined && span.children.some(child => statementKey(child) === key)
}

/** What the instrumentations of Express, Koa, Fastify and their like put on middleware and handlers. */
const frameTypes = [
  'express.type',
  'router.type',
  'koa.type',
  'connect.type',
  'fastify.type',
  'hapi.type',
  'restify.type',
  'nestjs.type',
]
/** Of net, dns and fs in Node; of otelsql in Go. */
const frameNames =
  /^(?:tcp\.connect|tls\.connect|ipc\.connect|dns\.|fs |sql\.(?:conn\.reset_session|rows)$)/

function isFrame(span: Placed): boolean {
  const { attributes, kind, name, children, durationNs } = span
  if (attributes['hotpath.wait'] !== undefined) return durationNs < waitNs && children.length === 0
  if (attributes['db.query.text'] !== undefined) return false
  if (frameNames.test(name)) return durationNs < frameNs && children.length === 0
  if (kind !== 'internal') return false
  return frameTypes.some(type => attributes[type] !== undefined) && ownNs(span) < frameNs
}

/** The time of a span in which none of those below it ran. */
function ownNs(span: Placed): number {
  let until = span.offsetNs
  let own = 0
  for (const child of [...span.children].sort((a, b) => a.offsetNs - b.offsetNs)) {
    own += Math.max(0, child.offsetNs - until)
    until = Math.max(until, child.offsetNs + child.durationNs)
  }
  return own + Math.max(0, span.offsetNs + span.durationNs - until)
}
