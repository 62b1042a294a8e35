import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { awsTemplate } from '../../dist/export/edge/aws.js'
import { edgePlan } from '../../dist/export/edge/plan.js'
import { resourceSchema } from './forms/cloudformation.js'
import { configs } from './forms/configs.js'
import { checkerOf, formOf } from './forms/form.js'

type Operation = Record<string, unknown> & { parameters?: { name: string; in: string }[] }
interface Api {
  openapi: string
  readonly paths: Record<string, Record<string, Operation>>
}
interface Template {
  readonly Resources: Record<string, { Type: string; readonly Properties: Record<string, unknown> }>
}

const written = (name: string) => {
  const { text, notes } = awsTemplate(edgePlan(configs[name] ?? {}), 'http://127.0.0.1:3000')
  const template = JSON.parse(text) as Template
  return { text, notes, template, api: apiOf(template) }
}
const apiOf = ({ Resources }: Template): Api => Resources['Api']?.Properties['Body'] as Api

const openApi = new Validator()

/** What is wrong with a template: its resources by CloudFormation, its API by OpenAPI, both by API Gateway. */
async function misfits(template: Template): Promise<string[]> {
  const extensions = { ...formOf('aws-extensions'), $id: 'aws' }
  const names = Object.keys(template.Resources)
  const found = Object.entries(template.Resources).flatMap(([name, { Type, Properties }]) => {
    const check = checkerOf(
      {
        allOf: [resourceSchema(Type, names), { $ref: `aws#/definitions/${Type}` }],
      },
      extensions,
    )
    return check(Properties).map(line => `${name}${line}`)
  })
  const { valid, errors } = await openApi.validate({ ...structuredClone(apiOf(template)) })
  return valid ? found : [...found, ...[errors ?? []].flat().map(error => JSON.stringify(error))]
}

/** The resource that API Gateway takes for a path: in each part the word, else the variable; there is no way back. */
function resourceFor({ paths }: Api, path: string): string | undefined {
  const parts = path.split('/').filter(Boolean)
  const has = (at: string): boolean => Object.keys(paths).some(each => `${each}/`.startsWith(at))
  let at = ''
  for (const part of parts) {
    const variable = Object.keys(paths)
      .filter(each => each.startsWith(`${at}/{`))
      .map(each => each.slice(at.length + 1).split('/')[0] ?? '')[0]
    if (has(`${at}/${part}/`)) at += `/${part}`
    else if (variable === undefined) return undefined
    else at += `/${variable}`
    if (variable?.endsWith('+}') === true && at.endsWith(variable)) return at
  }
  return at === '' ? '/' : at
}

describe('a template for AWS API Gateway', () => {
  for (const name of Object.keys(configs))
    test(`has the form that Amazon publishes: ${name}`, async () => {
      const { template, api } = written(name)
      assert.deepEqual(await misfits(template), [])
      for (const [path, methods] of Object.entries(api.paths)) {
        // Each variable of a path is declared.
        const variables = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, variable]) => variable)
        for (const { parameters = [] } of Object.values(methods)) {
          const declared = parameters.filter(each => each.in === 'path').map(each => each.name)
          assert.deepEqual(declared, variables, path)
        }
      }
      // "A sibling of this resource already has a variable path part -- only one is allowed".
      const places = new Map<string, string>()
      for (const path of Object.keys(api.paths))
        for (const [, before = '', variable = ''] of path.matchAll(/(?<=^(.*?)\/)(\{[^/]+\})/g)) {
          assert.equal(places.get(before) ?? variable, variable, path)
          places.set(before, variable)
        }
    })

  test('of another form is refused: the check is one', async () => {
    const wrong = async (change: (template: Template, api: Api) => unknown): Promise<string> => {
      const { template, api } = written('a shop')
      change(template, api)
      return (await misfits(template)).join('\n')
    }
    assert.equal(await wrong(() => {}), '')
    const propertiesOf = ({ Resources }: Template, name: string) =>
      Resources[name]?.Properties as Record<string, { [name: string]: unknown }[]>
    const menu = ({ paths }: Api): Operation => paths['/menu']?.['get'] as Operation
    const integration = (api: Api) => menu(api)['x-amazon-apigateway-integration'] as object
    const said: readonly (readonly [RegExp, Parameters<typeof wrong>[0]])[] = [
      // By CloudFormation.
      [
        /Stage\/MethodSettings\/0\/ThrottlingBurstLimit must be integer/,
        template => {
          const [setting = {}] = propertiesOf(template, 'Stage')['MethodSettings'] ?? []
          setting['ThrottlingBurstLimit'] = 1.5
        },
      ],
      [
        /UsagePlan\/ApiStages\/0 must NOT have additional.*"RateLimit"/,
        template => {
          const [stage = {}] = propertiesOf(template, 'UsagePlan')['ApiStages'] ?? []
          stage['RateLimit'] = 5
        },
      ],
      [
        /Deployment\/ must have required property 'RestApiId'/,
        template => Reflect.deleteProperty(propertiesOf(template, 'Deployment'), 'RestApiId'),
      ],
      [
        /Stage\/DeploymentId\/Ref must be equal to one of the allowed values/,
        template => Reflect.set(propertiesOf(template, 'Stage'), 'DeploymentId', { Ref: 'None' }),
      ],
      // By API Gateway.
      [
        /UsagePlan\/Quota\/Period must be equal to one of/,
        template =>
          Reflect.set(propertiesOf(template, 'UsagePlan')['Quota'] ?? {}, 'Period', 'HOUR'),
      ],
      [
        /type must be equal to one of/,
        (_, api) => Reflect.set(integration(api), 'type', 'http-proxy'),
      ],
      [
        /throttling boolean schema is false/,
        (_, api) => Reflect.set(api, 'x-amazon-apigateway-throttling', {}),
      ],
      [/must match pattern/, (_, { paths }) => void (paths['/a~b'] = paths['/menu'] ?? {})],
      // By OpenAPI.
      [/"responses"/, (_, api) => Reflect.deleteProperty(menu(api), 'responses')],
      [
        /unevaluated|additional/i,
        (_, { paths }) => void Reflect.set(paths['/menu'] ?? {}, 'any', {}),
      ],
    ]
    for (const [pattern, change] of said) assert.match(await wrong(change), pattern)
  })

  test('takes each request on to the app, whatever the config names', () => {
    const requests = ['/', '/menu', '/menu/7', '/users', '/users/7/x', '/orders', '/a/b/c/d', '/x']
    for (const name of Object.keys(configs)) {
      const { api } = written(name)
      for (const path of requests) {
        const resource = resourceFor(api, path)
        const any = api.paths[resource ?? '']?.['x-amazon-apigateway-any-method']
        assert.ok(any !== undefined, `${name}: ${path}`)
      }
    }
    const { api } = written('variables with several names in one place')
    assert.equal(resourceFor(api, '/users/7/orders/8'), '/users/{id}/orders/{order}')
    assert.equal(resourceFor(api, '/users/7/else'), '/users/{id}/{proxy+}')
    assert.ok(api.paths['/users/{id}/{proxy+}']?.['delete'] !== undefined)
  })

  test('says what the config says', () => {
    const { template, api } = written('a shop')
    const { Resources } = template
    const plan = Resources['UsagePlan']?.Properties as {
      ApiStages: { Throttle: object }[]
      Quota: object
    }
    assert.deepEqual(plan.Quota, { Limit: 1_000, Period: 'DAY' })
    assert.deepEqual(plan.ApiStages[0]?.Throttle, {
      '/orders/{id}/POST': { RateLimit: 5, BurstLimit: 5 },
    })
    assert.deepEqual(api.paths['/stock']?.['put']?.['security'], [{ api_key: [] }])
    const settings = Resources['Stage']?.Properties['MethodSettings'] as Record<string, unknown>[]
    assert.deepEqual(
      settings.find(({ ResourcePath }) => ResourcePath === '/~1search'),
      {
        ResourcePath: '/~1search',
        HttpMethod: 'GET',
        ThrottlingRateLimit: 20,
        ThrottlingBurstLimit: 40,
      },
    )
    const menu = settings.find(({ ResourcePath }) => ResourcePath === '/~1menu')
    assert.equal(menu?.['CacheTtlInSeconds'], 30)
    const byKey = written('all clients by key').template.Resources['UsagePlan']?.Properties
    assert.deepEqual(byKey?.['Throttle'], { RateLimit: 10, BurstLimit: 10 })
  })

  test('names what has no equivalent, in the file as well', () => {
    const { text, notes } = written('a shop')
    const said = notes.map(({ route, key }) => `${route} ${key}`.trim())
    for (const of of [
      '* limit.by',
      'PUT /stock concurrency',
      'POST /orders/:id bodyLimit',
      'POST /orders/:id limit.rate',
      'GET /search throttle',
    ])
      assert.ok(said.includes(of), of)
    assert.match(text, /"PUT \/stock, concurrency: has no equivalent"/)
    assert.match(text, /"POST \/orders\/:id, limit.rate: 100\/h is left out: API Gateway takes one/)
  })
})
