import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { directivesOf } from './directives.js'
import { rawHeadersOf } from './raw-headers.js'
import type { CachePolicy } from './policy.js'
import { Kind, kindOf } from './request-fields.js'
import { keyedQuery, urlKey } from './url-key.js'

/** What a cache has to know of a request before it looks for an answer. */
export interface Facts {
  readonly key: string
  /** The same for all instances: the port in the place of the server. */
  readonly target: string
  /** It carries validators of its own: the app may answer 304. */
  readonly conditional: boolean
  /** Its client does not want the answer kept. */
  readonly noStore: boolean
  /** What the policy leaves out of the key, as the client sent it. */
  readonly left: readonly string[]
}

/** Why a request passes by: a counter's `reason`. */
export type PassReason = 'credential' | 'special' | 'certificate' | 'query'

/** Reads the raw list once: `request.headers` would build an object to be asked. */
export function factsOf(
  request: IncomingMessage,
  policy: CachePolicy,
  server: unknown,
  /** As it was sent: routers shorten `request.url` on the way. */
  url = request.url ?? '',
): Facts | PassReason {
  const rawHeaders = rawHeadersOf(request)
  let host: string | undefined
  let conditional = false
  let noStore = false
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    switch (kindOf(name)) {
      case Kind.Plain:
        break
      case Kind.Credential:
        if (!policy.allowed.has(name.toLowerCase())) return 'credential'
        break
      case Kind.Host:
        if (host !== undefined) return 'special'
        host = rawHeaders[at + 1]
        break
      case Kind.Length:
        if (rawHeaders[at + 1] !== '0') return 'special'
        break
      case Kind.Condition:
        conditional = true
        break
      case Kind.CacheControl:
        if (directivesOf(rawHeaders[at + 1]).has('no-store')) noStore = true
        break
      default:
        return 'special'
    }
  }
  const { socket } = request
  const encrypted = (socket as { encrypted?: boolean }).encrypted === true
  if (encrypted && hasCertificate(socket)) return 'certificate'
  const keyed = keyedQuery(url, policy.query)
  if (keyed === undefined) return 'query'
  const scheme = encrypted ? 'https' : 'http'
  const key = policy.scope + urlKey(server, scheme, (host ?? '').toLowerCase(), url, keyed.query)
  return { key, target: targetOf(key, socket.localPort), conditional, noStore, left: keyed.left }
}

/** What instances of one service know a key by. A process may have a server for its own people on another port. */
export function targetOf(key: string, port: number | undefined): string {
  return `${port ?? ''} ${key.slice(key.indexOf('http'))}`
}

/** The value of a header, several lines of it joined by commas; '' where there is none. */
export function valueOf(rawHeaders: readonly string[], name: string): string {
  let value: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const known = rawHeaders[at] as string
    if (known.length !== name.length || known.toLowerCase() !== name) continue
    value = value === undefined ? rawHeaders[at + 1] : `${value}, ${rawHeaders[at + 1]}`
  }
  return value ?? ''
}

/** The part of a key that request headers make: lengths in it, so that no two lists give the same text. */
export function variantOf(rawHeaders: readonly string[], names: readonly string[]): string {
  let text = ''
  for (const name of names) {
    const value = valueOf(rawHeaders, name)
    text += `${value.length}:${value};`
  }
  return text
}

const certified = new WeakMap<Socket, boolean>()

/** Who shows a certificate says who he is, also when nobody checks it. Asked once a connection. */
function hasCertificate(socket: Socket): boolean {
  const known = certified.get(socket)
  if (known !== undefined) return known
  const { getPeerCertificate } = socket as { getPeerCertificate?: () => object }
  const has =
    getPeerCertificate !== undefined && Object.keys(getPeerCertificate.call(socket)).length > 0
  certified.set(socket, has)
  return has
}
