import type { Keyed } from '../key.js'
import { digestOf, propertiesOf } from '../same.js'
import type { MysqlConnection } from './shapes.js'

/** Options that the client alone knows: they go with it, and may be functions. */
const CLIENTS = new Set(['typeCast', 'queryFormat', 'infileStreamFactory', 'Promise'])

/** CLIENT_INTERACTIVE */
const INTERACTIVE = 1 << 10

/** What must be equal for two clients to use one connection after each other: see `../key.js`. */
export function keyOf(connection: MysqlConnection): Keyed {
  const { config } = connection
  // The driver's own classes have it; one that is derived from them does not.
  if (!Object.hasOwn(Object.getPrototypeOf(connection) as object, 'promise')) {
    return { unshared: 'subclass' }
  }
  if (config.stream !== undefined) return { unshared: 'stream' }
  const options = propertiesOf(config).filter(([name]) => !CLIENTS.has(name))
  // To change the user, the driver would say the first password alone.
  if (options.some(([name, value]) => /^password[23]$/.test(name) && value !== undefined)) {
    return { unshared: 'factors' }
  }
  // What is compressed passes through the client's own state; how long an interactive session may be
  // idle is set when it is opened, and then only.
  if (config.compress || (Number(config.clientFlags) & INTERACTIVE) !== 0) {
    return { unshared: 'options' }
  }
  const key = digestOf(options)
  return key === undefined ? { unshared: 'options' } : { key }
}
