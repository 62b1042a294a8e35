import type { SharableClient } from './shapes.js'

/** Why a client gets a connection of its own; goes out as an attribute, so these are few. */
export type Unshared =
  | 'subclass'
  | 'password function'
  | 'stream'
  | 'listeners'
  | 'options'
  | 'pipeline'
  | 'replication'
  | 'pooler'
  | 'keys'

export type Keyed = { readonly key: string } | { readonly unshared: Unshared }

/**
 * What must be equal for two clients to use one connection after each other: every option of the
 * connection, with user and password. Hashed, so that no password lies in one more place.
 */
export function keyOf(client: SharableClient): Keyed {
  const { connection, connectionParameters: options } = client
  // Its own class may do more when it connects; pools with a class of theirs connect late.
  if (!Object.hasOwn(Object.getPrototypeOf(client) as object, '_connect')) {
    return { unshared: 'subclass' }
  }
  if (typeof client.password === 'function') return { unshared: 'password function' }
  if (options['replication']) return { unshared: 'replication' }
  if (client.pipeline === true) return { unshared: 'pipeline' }
  // Loaded by the driver already; an app without one does not load it because of us.
  const { Socket } = process.getBuiltinModule('node:net')
  // A stream of the app's own (a tunnel, a proxy's TLS) leads where no option says.
  if (Object.getPrototypeOf(connection.stream) !== Socket.prototype) return { unshared: 'stream' }
  // pg's connection listens to `newListener` itself.
  if (connection.eventNames().some(name => name !== 'newListener')) {
    return { unshared: 'listeners' }
  }
  const text = textOf([
    // `password` and `ssl.key` are not enumerable.
    ...Reflect.ownKeys(options).map(name => [String(name), Reflect.get(options, name) as unknown]),
    client.password,
    client.enableChannelBinding,
    client.scramMaxIterations,
    connection._keepAlive,
    connection._keepAliveInitialDelayMillis,
  ])
  if (text === undefined) return { unshared: 'options' }
  const { createHash } = process.getBuiltinModule('node:crypto')
  return { key: createHash('sha256').update(text).digest('base64') }
}

/** The same text for equal values; undefined when something in it cannot be compared. */
function textOf(value: unknown, depth = 0): string | undefined {
  if (depth > 5) return undefined
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return `${typeof value} ${value}`
    case 'object':
      return value === null ? 'null' : textOfObject(value, depth + 1)
    default:
      return undefined
  }
}

function textOfObject(value: object, depth: number): string | undefined {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return joined(value.map(one => textOf(one, depth)))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const names = Reflect.ownKeys(value).sort((a, b) => (String(a) < String(b) ? -1 : 1))
  return joined(
    names.flatMap(name => [textOf(String(name), depth), textOf(Reflect.get(value, name), depth)]),
  )
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : `[${parts.join()}]`
}
