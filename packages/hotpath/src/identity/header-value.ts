import type { IncomingMessage } from 'node:http'

/** Where a request that is watched keeps its raw list: read by us, a header is no input of the handler. */
const RAW = Symbol.for('hotpath.rawHeaders')

/** The raw list of names and values. */
export function rawListOf(request: Pick<IncomingMessage, 'rawHeaders'>): readonly string[] {
  return (Reflect.get(request, RAW) as readonly string[] | undefined) ?? request.rawHeaders
}

/** All lines of a name in lower case, as one; '' where there is none. */
export function headerValue(raw: readonly string[], name: string): string {
  let value = ''
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const line = raw[at] as string
    if (line.length !== name.length || line.toLowerCase() !== name) continue
    value = value === '' ? (raw[at + 1] as string) : `${value},${raw[at + 1]}`
  }
  return value
}
