import { ConsoleError } from '../errors.js'
import type { StatusAnswer } from './status.js'

/** Why nothing could listen there, and who does. */
export async function listenError(
  error: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ConsoleError> {
  if (error.code === 'EADDRINUSE')
    return new ConsoleError('PORT_IN_USE', { host, port, console: await holderOf(host, port) })
  const causes: Readonly<Record<string, string>> = {
    EACCES: 'this user may not use that port',
    EADDRNOTAVAIL: 'this machine does not have that address',
  }
  const cause = causes[error.code ?? ''] ?? error.message
  return new ConsoleError('ADDRESS', { host, port, cause })
}

/** The console that holds the port, or null when something else does. */
async function holderOf(host: string, port: number): Promise<string | null> {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
  const address = everywhere[host] ?? host
  const name = address.includes(':') ? `[${address}]` : address
  try {
    const response = await fetch(`http://${name}:${port}/api/status`, {
      signal: AbortSignal.timeout(1_000),
    })
    const server = response.headers.get('server') ?? ''
    if (!server.startsWith('hotpath-console/')) return null
    // With a token we are not told more.
    if (!response.ok) return server
    const { pid, store } = (await response.json()) as StatusAnswer
    return `process ${pid}, store ${store.path}`
  } catch {
    return null
  }
}
