import { digestOf, propertiesOf } from './same.js'
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
  | 'init_connect'
  | 'factors'

export type Keyed = { readonly key: string } | { readonly unshared: Unshared }

/**
 * What must be equal for two clients to use one connection after each other: every option of the
 * connection, with user and password.
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
  const key = digestOf([
    ...propertiesOf(options),
    client.password,
    client.enableChannelBinding,
    client.scramMaxIterations,
    connection._keepAlive,
    connection._keepAliveInitialDelayMillis,
  ])
  return key === undefined ? { unshared: 'options' } : { key }
}
