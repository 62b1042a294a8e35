import type { AttributeValue } from '../model.js'
import { set } from './attributes.js'

/**
 * Names of OpenTelemetry's conventions before they became stable, and what they are called now (HTTP
 * 1.23, database 1.33). Old names are rewritten as they arrive; where both came, the new one stands.
 */
const renamed: ReadonlyMap<string, string> = new Map([
  ['http.method', 'http.request.method'],
  ['http.status_code', 'http.response.status_code'],
  ['http.scheme', 'url.scheme'],
  ['http.url', 'url.full'],
  ['http.target', 'url.path'],
  ['http.server_name', 'server.address'],
  ['http.user_agent', 'user_agent.original'],
  ['http.client_ip', 'client.address'],
  ['http.flavor', 'network.protocol.version'],
  ['http.request_content_length', 'http.request.body.size'],
  ['http.response_content_length', 'http.response.body.size'],
  ['net.protocol.name', 'network.protocol.name'],
  ['net.protocol.version', 'network.protocol.version'],
  ['net.peer.ip', 'network.peer.address'],
  ['net.host.ip', 'network.local.address'],
  ['net.transport', 'network.transport'],
  ['net.sock.peer.addr', 'network.peer.address'],
  ['net.sock.peer.port', 'network.peer.port'],
  ['db.system', 'db.system.name'],
  ['db.statement', 'db.query.text'],
  ['db.operation', 'db.operation.name'],
  ['db.name', 'db.namespace'],
  ['db.sql.table', 'db.collection.name'],
  ['db.redis.database_index', 'db.namespace'],
  ['db.mongodb.collection', 'db.collection.name'],
  ['db.cassandra.table', 'db.collection.name'],
  ['messaging.operation', 'messaging.operation.type'],
  ['code.filepath', 'code.file.path'],
  ['code.lineno', 'code.line.number'],
  ['code.function', 'code.function.name'],
])

/** Names whose meaning depends on the side that the span describes. */
const renamedAtServer: ReadonlyMap<string, string> = new Map([
  ['net.peer.name', 'client.address'],
  ['net.peer.port', 'client.port'],
  ['net.host.name', 'server.address'],
  ['net.host.port', 'server.port'],
  ...renamed,
])
const renamedAtClient: ReadonlyMap<string, string> = new Map([
  ['net.peer.name', 'server.address'],
  ['net.peer.port', 'server.port'],
  ...renamed,
])

/** Values of `db.system` that changed with the name. */
const databases: ReadonlyMap<string, string> = new Map([
  ['mssql', 'microsoft.sql_server'],
  ['oracle', 'oracle.db'],
  ['db2', 'ibm.db2'],
  ['dynamodb', 'aws.dynamodb'],
  ['cosmosdb', 'azure.cosmosdb'],
  ['spanner', 'gcp.spanner'],
])

/**
 * The attributes under today's names: the same object when all are. `side` tells whose peer
 * `net.peer.name` is. Old names are left out of a new object and not deleted, since V8 turns an object
 * with deletions into a table, which took everyone who read it twice the time.
 */
export function toCurrentNames(
  attributes: Record<string, AttributeValue>,
  side: 'server' | 'client',
): Record<string, AttributeValue> {
  const names = side === 'server' ? renamedAtServer : renamedAtClient
  const keys = Object.keys(attributes)
  if (!keys.some(key => names.has(key))) return withNumber(attributes)
  const result: Record<string, AttributeValue> = {}
  for (const key of keys) {
    const name = names.get(key)
    const value = attributes[key] as AttributeValue
    if (name === undefined) set(result, key, value)
    else if (!Object.hasOwn(attributes, name) && !Object.hasOwn(result, name))
      result[name] = key === 'db.system' ? systemName(value) : value
  }
  return withNumber(result)
}

/** Some senders write the status as text. */
function withNumber(attributes: Record<string, AttributeValue>): Record<string, AttributeValue> {
  const code = attributes['http.response.status_code']
  if (typeof code !== 'string' || !/^\d{3}$/.test(code)) return attributes
  return { ...attributes, 'http.response.status_code': Number(code) }
}

const systemName = (value: AttributeValue): AttributeValue =>
  (typeof value === 'string' ? databases.get(value) : undefined) ?? value
