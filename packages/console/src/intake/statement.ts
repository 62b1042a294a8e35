import { createHash, randomBytes } from 'node:crypto'
import { mysql, postgresql, templateOf } from 'hotpath/templates'
import type { AttributeValue } from '../model.js'

/** Databases whose `".."` is a string, not a name. */
const likeMysql = new Set(['mysql', 'mariadb', 'gcp.bigquery', 'gcp.spanner', 'hive', 'spark'])

/** Databases that are not asked in SQL: of their commands the first word is kept, of JSON the keys. */
const withoutSql = new Set([
  'redis',
  'memcached',
  'mongodb',
  'elasticsearch',
  'opensearch',
  'couchbase',
  'couchdb',
  'aws.dynamodb',
  'neo4j',
])

/**
 * Takes the data out of a statement of another sender, so that equal statements are equal and no
 * literal is kept: `id = 17` becomes `id = ?`, as our recorder sends it. What was taken out leaves a
 * keyed hash, by which repeated calls are told from different ones. Rewrites `attributes` in place.
 */
export function templateStatement(
  attributes: Record<string, AttributeValue>,
  name: string,
): string {
  const values = takeParameters(attributes)
  const text = attributes['db.query.text']
  if (typeof text !== 'string') return name
  const system = String(attributes['db.system.name'] ?? '')
  if (withoutSql.has(system)) {
    attributes['db.query.text'] = withoutValues(text)
    return name === text ? withoutValues(text) : name
  }
  const dialect = likeMysql.has(system) ? mysql : postgresql
  const template = templateOf(text, dialect)
  attributes['db.query.text'] = template.text
  attributes['db.operation.name'] ??= template.operation
  if (template.table !== undefined) attributes['db.collection.name'] ??= template.table
  // Parameters that are not shown may differ from call to call: then nothing can be said.
  if (values !== '' || (template.data !== 0 && !hasParameters(text)))
    attributes['hotpath.params.hash'] ??= hash(`${values} ${template.data}`)
  // Some name the span by its statement.
  return statementName.test(name) ? templateOf(name, dialect).text : name
}

const statementName = /^(?:select|insert|update|delete|with|merge|call)\s.*\s/is

/** Parameters that a sender was told to report: hashed, never kept. */
const parameterName =
  /^(?:db\.(?:query|operation)\.parameter\.|db\.postgresql\.values$|db\.statement\.parameters$)/

function takeParameters(attributes: Record<string, AttributeValue>): string {
  let values = ''
  for (const [name, value] of Object.entries(attributes))
    if (parameterName.test(name)) {
      values += JSON.stringify([name, value])
      delete attributes[name]
    }
  return values
}

/** `$1`, `?`, `:name`, `@name`, `%s`, `%(name)s`, outside of strings. */
function hasParameters(text: string): boolean {
  return /\$\d|\?|@\w|%s|%\(|(?<!:):[a-z_]/i.test(text.replace(/'[^']*'|"[^"]*"/g, ''))
}

/** Random for each console: nobody can try values against the hashes in a store. */
const key = randomBytes(32)

const hash = (values: string): string =>
  createHash('sha256').update(key).update(values).digest('hex').slice(0, 16)

/** `SET ann 5` to `SET ?`; of JSON the values go and the keys stay. */
function withoutValues(text: string): string {
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.stringify(JSON.parse(text), (_, value: unknown) =>
        typeof value === 'object' && value !== null ? value : '?',
      )
    } catch {
      return '?'
    }
  }
  const [, command = '', rest = ''] = /^\s*([\w.]{1,40})(.*)$/s.exec(text) ?? []
  return command === '' ? '?' : rest.trim() === '' ? command : `${command} ?`
}
