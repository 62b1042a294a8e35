import type { AttributeValue, Span } from '../model.js'
import { RouteGuesses } from './route-guess.js'
import { templateStatement } from './statement.js'
import { pathTemplate } from 'hotpath/templates'

type Mutable = Record<string, AttributeValue>

/**
 * Makes the spans of other senders like those of our recorder: statements without their data, a route
 * for each request, waits for a connection marked, secrets let go. After `toCurrentNames`.
 */
export class Foreign {
  readonly #routes = new RouteGuesses()

  /** `attributes` are rewritten in place; kind and name are returned as they are to be kept. */
  settle(
    span: Pick<Span, 'kind' | 'name' | 'service'>,
    attributes: Mutable,
  ): Pick<Span, 'kind' | 'name'> {
    dropPrivate(attributes)
    const { kind, name } = span
    if (kind === 'server')
      return { kind, name: this.#routes.complete(attributes, span.service, name) }
    if (attributes['db.system.name'] !== undefined)
      return {
        kind: settleConnection(attributes, name) ? 'internal' : kind,
        name: templateStatement(attributes, name),
      }
    if (kind === 'client') settleCall(attributes)
    else settleConnection(attributes, name)
    return { kind, name }
  }
}

/** Of these nothing is kept, whatever the sender was told to report. */
const privateName =
  /^(?:http\.(?:request|response)\.header\.|rpc\.(?:grpc\.)?(?:request|response)\.metadata\.|url\.query$|url\.fragment$|db\.connection_string$|db\.user$|enduser\.)/

/** Names that were told: there are some tens, and a look into a map is half of a regular expression. */
const told = new Map<string, boolean>()

function isPrivate(name: string): boolean {
  let is = told.get(name)
  if (is === undefined) {
    is = privateName.test(name)
    // Whatever a sender names its attributes.
    if (told.size >= 1_000) told.clear()
    told.set(name, is)
  }
  return is
}

function dropPrivate(attributes: Mutable): void {
  for (const name in attributes) if (isPrivate(name)) delete attributes[name]
  const path = attributes['url.path']
  if (typeof path === 'string') attributes['url.path'] = path.replace(/[?#].*$/s, '')
  const full = attributes['url.full']
  if (typeof full === 'string')
    attributes['url.full'] = full.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//')
}

/** Spans of pools and drivers that wait for a connection, by name: they have nothing else in common. */
const waits = /^(?:pg-pool\.connect|generic-pool\.acquire|\w*DataSource\.getConnection)$/
const connects = /^(?:pg\.connect|connect|sql\.connector\.connect|redis-connect|tedious\.connect)$/

/** True when the span is no statement but the way to one. */
function settleConnection(attributes: Mutable, name: string): boolean {
  if (attributes['db.query.text'] !== undefined) return false
  if (waits.test(name)) attributes['hotpath.wait'] = 'connection'
  else if (attributes['db.system.name'] !== undefined && connects.test(name))
    attributes['hotpath.connect'] = true
  else return false
  return true
}

/** What calls of one route of another service have in common: the path with ids replaced. */
function settleCall(attributes: Mutable): void {
  if (attributes['http.request.method'] === undefined) return
  const full = attributes['url.full'] ?? attributes['url.path']
  if (typeof full === 'string') attributes['url.template'] ??= pathTemplate(full)
}
