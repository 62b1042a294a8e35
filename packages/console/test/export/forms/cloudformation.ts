import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec'

/** Of CloudFormation's published resources, as Amazon gives them to npm for its CDK. */
const database = loadAwsServiceSpecSync()
const resourceOf = (type: string) =>
  database.lookup('resource', 'cloudFormationType', 'equals', type).at(0)

type Properties = NonNullable<ReturnType<typeof resourceOf>>['properties']
type PropertyType = Properties[string]['type']
type Schema = Record<string, unknown>

/**
 * The properties that CloudFormation takes for a resource, as a JSON schema. A text may be a `Ref` to another
 * resource of the template.
 *
 * @param names Of all resources of the template.
 */
export function resourceSchema(type: string, names: readonly string[]): Schema {
  const resource = resourceOf(type)
  if (resource === undefined) throw new Error(`CloudFormation has no ${type}`)
  const isRef = {
    type: 'object',
    required: ['Ref'],
    additionalProperties: false,
    properties: { Ref: { enum: names } },
  }
  const objectOf = (properties: Properties): Schema => ({
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties).filter(name => properties[name]?.required === true),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, { type: of }]) => [name, schemaOf(of)]),
    ),
  })
  const schemaOf = (of: PropertyType): Schema => {
    switch (of.type) {
      case 'string':
        return { anyOf: [{ type: 'string' }, isRef] }
      case 'integer':
      case 'number':
      case 'boolean':
        return { type: of.type }
      case 'array':
        return { type: 'array', items: schemaOf(of.element) }
      case 'map':
        return { type: 'object', additionalProperties: schemaOf(of.element) }
      case 'union':
        return { anyOf: of.types.map(schemaOf) }
      case 'ref':
        return objectOf(database.get('typeDefinition', of.reference.$ref).properties)
      case 'json':
        return { type: 'object' }
      // Tags and dates: no template of ours has one.
      default:
        return { not: {} }
    }
  }
  return objectOf(resource.properties)
}
