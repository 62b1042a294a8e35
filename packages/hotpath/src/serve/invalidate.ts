import type { IncomingMessage, ServerResponse } from 'node:http'
import { fieldOf, readHead } from './head.js'

/** RFC 9110, 9.2.1, and the methods of WebDAV that only look. All others may change something. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'SEARCH', 'REPORT'])

export const isSafe = (method: string): boolean => SAFE.has(method)

/**
 * Calls `drop` with the targets that an unsafe request has made old, once it is known that it did not
 * fail and before its client hears of it (RFC 9111, 4.4): its own, and those of Location and
 * Content-Location where they are of the same origin.
 */
export function onChange(
  request: IncomingMessage,
  response: ServerResponse,
  drop: (target: Target) => void,
  caught: () => void,
): void {
  const { writeHead } = response
  // Now: routers shorten it on the way.
  const { url = '' } = request
  Object.defineProperty(response, 'writeHead', {
    writable: true,
    configurable: true,
    value(this: ServerResponse, ...args: unknown[]) {
      const result: unknown = Reflect.apply(writeHead, this, args)
      try {
        for (const target of changedBy(request, url, response)) drop(target)
      } catch {
        caught()
      }
      return result
    },
  })
}

/** What may be old now. */
export interface Target {
  /** With its query. */
  readonly path: string
  readonly host: string
  readonly scheme: string
  /** That the request came in at. */
  readonly port: number | undefined
}

function changedBy(request: IncomingMessage, target: string, response: ServerResponse): Target[] {
  const head = readHead(Reflect.get(response, '_header'))
  if (head === undefined || head.status < 200 || head.status >= 400) return []
  const scheme = (request.socket as { encrypted?: boolean }).encrypted === true ? 'https' : 'http'
  const origin = `${scheme}://${request.headers.host ?? ''}`
  if (!URL.canParse(target, origin)) return []
  const own = new URL(target, origin)
  const targets: Target[] = []
  for (const name of ['', 'location', 'content-location']) {
    const reference = name === '' ? '' : fieldOf(head.fields, name)
    if (reference === undefined || !URL.canParse(reference, own.href)) continue
    const url = new URL(reference, own.href)
    if (url.host !== own.host) continue
    // What is its own is taken as it was sent: `URL` would tidy it up, and it is a key.
    const sent = name === '' && target.startsWith('/') ? target : undefined
    targets.push({
      path: sent ?? `${url.pathname}${url.search}`,
      host: (request.headers.host ?? url.host).toLowerCase(),
      scheme,
      port: request.socket.localPort,
    })
  }
  return targets
}
