import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Config } from 'hotpath/config'
import { parse } from 'yaml'
import { awsTemplate } from '../../dist/export/edge/aws.js'
import { kongConfig } from '../../dist/export/edge/kong.js'
import { edgePlan } from '../../dist/export/edge/plan.js'

/** What a field of a form may be: a list of words, the type of a value, or what checks it. */
type Field = readonly string[] | 'string' | 'number' | 'boolean' | ((value: unknown) => boolean)
type Form = Readonly<Record<string, Field>>

/** What is wrong with data by a form, one sentence each. */
function misfits(data: object, form: Form): string[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const field = form[key]
    if (field === undefined) return [`${key} is not known`]
    const fits =
      typeof field === 'function'
        ? field(value)
        : typeof field === 'string'
          ? typeof value === field
          : field.includes(String(value))
    return fits ? [] : [`${key} may not be ${JSON.stringify(value)}`]
  })
}
const listOf =
  (check: (item: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(check)
const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0

const config: Config = {
  service: 'coffee shop',
  trustProxy: ['10.0.0.0/8'],
  routes: {
    'GET /menu': { cache: { ttl: '30s', key: { headers: ['accept-language'] } } },
    'POST /orders/:id': {
      limit: { rate: ['5/s', '100/h'], by: 'key' },
      bodyLimit: '64kb',
    },
    'GET /search': { throttle: { rate: '20/s' } },
    'PUT /stock': { limit: { rate: '1000/d', by: 'key' }, concurrency: 4 },
    '*': { limit: { rate: '50/s', by: 'ip' } },
  },
}

describe('a declarative configuration of Kong', () => {
  // docs.konghq.com/gateway/latest/production/deployment-topologies/db-less-and-declarative-config, and of Kong 3:
  // kong/db/schema/entities/{services,routes,plugins}.lua, kong/plugins/NAME/schema.lua.
  const service: Form = { name: 'string', url: 'string', routes: Array.isArray }
  const route: Form = {
    name: text => /^[\w.~-]+$/.test(String(text)),
    methods: listOf(method => /^[A-Z]+$/.test(String(method))),
    // "should start with: / (fixed path) or ~/ (regex path)"
    paths: listOf(path => /^~?\//.test(String(path))),
    regex_priority: Number.isInteger,
    strip_path: 'boolean',
    preserve_host: 'boolean',
    plugins: Array.isArray,
  }
  const plugins: Readonly<Record<string, Form>> = {
    'rate-limiting': {
      second: isCount,
      minute: isCount,
      hour: isCount,
      day: isCount,
      month: isCount,
      year: isCount,
      limit_by: ['consumer', 'credential', 'ip', 'service', 'header', 'path', 'consumer-group'],
      header_name: 'string',
      policy: ['local', 'cluster', 'redis'],
      error_code: 'number',
      fault_tolerant: 'boolean',
      hide_client_headers: 'boolean',
    },
    'request-size-limiting': {
      allowed_payload_size: isCount,
      size_unit: ['megabytes', 'kilobytes', 'bytes'],
      require_content_length: 'boolean',
    },
    'proxy-cache': {
      strategy: ['memory'],
      memory: value => isText((value as { dictionary_name: unknown }).dictionary_name),
      cache_ttl: isCount,
      cache_control: 'boolean',
      request_method: listOf(method =>
        ['HEAD', 'GET', 'POST', 'PATCH', 'PUT'].includes(String(method)),
      ),
      response_code: listOf(
        code => isCount(code) && (code as number) >= 100 && (code as number) <= 900,
      ),
      content_type: listOf(isText),
      vary_headers: listOf(isText),
    },
  }

  interface Declared {
    readonly _format_version: string
    readonly services: readonly {
      readonly routes: readonly {
        readonly name: string
        readonly paths: readonly string[]
        readonly plugins?: readonly {
          readonly name: string
          readonly config: Record<string, unknown>
        }[]
      }[]
    }[]
  }
  const { text, notes } = kongConfig(edgePlan(config), 'http://127.0.0.1:3000')
  const declared = parse(text) as Declared
  const routes = declared.services[0]?.routes ?? []
  const pluginsOf = (name: string) => routes.find(each => each.name === name)?.plugins ?? []

  test('is one that Kong takes', () => {
    assert.equal(declared._format_version, '3.0')
    assert.deepEqual(Object.keys(declared), ['_format_version', '_transform', 'services'])
    const found = declared.services.flatMap(each => misfits(each, service))
    for (const each of routes) {
      found.push(...misfits(each, route))
      for (const { name, config: of } of each.plugins ?? [])
        found.push(...misfits(of, plugins[name] ?? {}))
      // One of a name for each route.
      const names = (each.plugins ?? []).map(({ name }) => name)
      assert.equal(new Set(names).size, names.length)
    }
    assert.deepEqual(found, [])
    assert.equal(new Set(routes.map(({ name }) => name)).size, 5)
  })

  test('says what the config says', () => {
    assert.deepEqual(pluginsOf('POST-orders-id')[0]?.config, {
      second: 5,
      hour: 100,
      policy: 'local',
      limit_by: 'header',
      header_name: 'x-api-key',
      error_code: 429,
      fault_tolerant: true,
      hide_client_headers: false,
    })
    assert.equal(pluginsOf('POST-orders-id')[1]?.config['allowed_payload_size'], 65_536)
    const kept = pluginsOf('GET-menu')[0]?.config
    assert.equal(kept?.['cache_ttl'], 30)
    assert.deepEqual(kept?.['vary_headers'], ['accept-language', 'authorization', 'cookie'])
    assert.equal(pluginsOf('others')[0]?.config['limit_by'], 'ip')
    const [path = ''] = routes.find(({ name }) => name === 'POST-orders-id')?.paths ?? []
    assert.equal(path, '~/(?i)orders/[^/]+/?$')
  })

  test('names what has no equivalent, in the file as well', () => {
    const said = notes.map(({ route: of, key }) => `${of} ${key}`.trim())
    for (const of of [
      'GET /search throttle',
      'PUT /stock concurrency',
      'POST /orders/:id limit',
      'trustProxy',
    ])
      assert.ok(said.includes(of), of)
    assert.match(text, /^# not the same: PUT \/stock, concurrency: Kong counts no connections/m)
  })
})

describe('a template for AWS API Gateway', () => {
  interface Template {
    readonly Resources: Readonly<
      Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>
    >
  }
  const { text, notes } = awsTemplate(edgePlan(config), 'http://127.0.0.1:3000')
  const { Resources } = JSON.parse(text) as Template
  const api = Resources['Api']?.Properties['Body'] as {
    readonly openapi: string
    readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>
  } & Record<string, unknown>

  test('has the resources and properties that CloudFormation knows', () => {
    // docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_ApiGateway.html
    const forms: Readonly<Record<string, Form>> = {
      'AWS::ApiGateway::RestApi': { Body: value => typeof value === 'object' },
      'AWS::ApiGateway::Deployment': { RestApiId: value => typeof value === 'object' },
      'AWS::ApiGateway::Stage': {
        RestApiId: value => typeof value === 'object',
        DeploymentId: value => typeof value === 'object',
        StageName: 'string',
        CacheClusterEnabled: 'boolean',
        CacheClusterSize: ['0.5', '1.6', '6.1', '13.5', '28.4', '58.2', '118', '237'],
        MethodSettings: Array.isArray,
      },
      'AWS::ApiGateway::UsagePlan': {
        ApiStages: Array.isArray,
        Quota: value =>
          misfits(value as object, { Limit: isCount, Period: ['DAY', 'WEEK', 'MONTH'] }).length ===
          0,
      },
    }
    for (const { Type, Properties } of Object.values(Resources))
      assert.deepEqual(misfits(Properties, forms[Type] ?? {}), [], Type)
    const setting: Form = {
      ResourcePath: path => /^\/(?:\*|~1)/.test(String(path)),
      HttpMethod: 'string',
      ThrottlingRateLimit: 'number',
      ThrottlingBurstLimit: isCount,
      CachingEnabled: 'boolean',
      CacheTtlInSeconds: ttl => isCount(ttl) && (ttl as number) <= 3_600,
    }
    const settings = (Resources['Stage']?.Properties['MethodSettings'] ?? []) as object[]
    assert.ok(settings.length > 0)
    for (const each of settings) assert.deepEqual(misfits(each, setting), [])
  })

  test('has an API in OpenAPI, with extensions that API Gateway lists', () => {
    // docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
    const extensions = [
      'any-method',
      'api-key-source',
      'gateway-responses',
      'integration',
      'minimum-compression-size',
    ]
    const used = new Set(
      [...text.matchAll(/"x-amazon-apigateway-([\w-]+)"/g)].map(([, name]) => name),
    )
    assert.deepEqual(
      [...used].filter(name => !extensions.includes(String(name))),
      [],
    )
    assert.equal(api.openapi, '3.0.1')
    assert.deepEqual(Object.keys(api.paths).sort(), [
      '/menu',
      '/orders/{id}',
      '/search',
      '/stock',
      '/{proxy+}',
    ])
    const integration: Form = {
      type: ['aws', 'aws_proxy', 'http', 'http_proxy', 'mock'],
      httpMethod: 'string',
      uri: 'string',
      passthroughBehavior: ['when_no_templates', 'when_no_match', 'never'],
      requestParameters: value => typeof value === 'object',
      cacheKeyParameters: listOf(isText),
    }
    for (const [path, methods] of Object.entries(api.paths))
      for (const of of Object.values(methods)) {
        assert.deepEqual(misfits(of['x-amazon-apigateway-integration'] as object, integration), [])
        // Each parameter of the path is declared.
        const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name)
        const declared = ((of['parameters'] ?? []) as { name: string; in: string }[]).filter(
          each => each.in === 'path',
        )
        assert.deepEqual(
          declared.map(({ name }) => name),
          names,
        )
      }
  })

  test('says what the config says', () => {
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
    assert.equal(
      settings.find(({ ResourcePath }) => ResourcePath === '/~1menu')?.['CacheTtlInSeconds'],
      30,
    )
  })

  test('names what has no equivalent, in the file as well', () => {
    const said = notes.map(({ route, key }) => `${route} ${key}`.trim())
    for (const of of [
      '* limit.by',
      'PUT /stock concurrency',
      'POST /orders/:id bodyLimit',
      'GET /search throttle',
    ])
      assert.ok(said.includes(of), of)
    assert.match(text, /"PUT \/stock, concurrency: has no equivalent"/)
  })
})
