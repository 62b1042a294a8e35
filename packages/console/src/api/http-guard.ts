import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

export interface Guard {
  readonly host: string
  readonly hosts: readonly string[]
  readonly token: string | undefined
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

/**
 * Whether the Host header names this console. A page in a browser can make its own name resolve to
 * 127.0.0.1 (DNS rebinding) and then read answers as its own origin; but it cannot change its name in
 * this header. So names must be known; an IP address is no name that somebody could rebind.
 */
export function hostAllowed(request: IncomingMessage, guard: Guard): boolean {
  const name = hostName(request.headers.host)
  if (name === undefined) return false
  if (isLoopback(name) || name === guard.host.toLowerCase()) return true
  if (guard.hosts.some(host => host.toLowerCase() === name)) return true
  return isIP(name) !== 0 && name === request.socket.localAddress?.replace(/^::ffff:/, '')
}

/** The name in a Host header, without port and brackets. */
function hostName(header: string | undefined): string | undefined {
  const [, v6, name] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+))(?::\d+)?$/.exec(header ?? '') ?? []
  return (v6 ?? name)?.toLowerCase()
}

/** Whether the request carries the token, when there is one. Compared in constant time. */
export function tokenAllowed(request: IncomingMessage, { token }: Guard): boolean {
  if (token === undefined) return true
  const [, given = ''] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  return timingSafeEqual(digest(given), digest(token))
}

/** Makes lengths equal, which the comparison needs. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
