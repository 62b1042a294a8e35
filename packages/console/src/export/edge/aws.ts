import { type Exported, said } from './nginx.js'
import type { EdgePlan, EdgeRate, EdgeRoute, Note } from './plan.js'

/** Quotas of a usage plan are of these. */
const QUOTAS: Readonly<Record<number, string>> = {
  86_400_000: 'DAY',
  604_800_000: 'WEEK',
  2_592_000_000: 'MONTH',
}
const ANY = 'x-amazon-apigateway-any-method'
/** Lifetimes that the cache of a stage takes. */
const MOST_TTL_S = 3_600

/**
 * A CloudFormation template for API Gateway (REST): the API as OpenAPI 3 with Amazon's extensions, and beside
 * it what OpenAPI has no extension for, throttling by method and usage plans of API keys.
 */
export function awsTemplate(plan: EdgePlan, upstream: string): Exported {
  const notes: Note[] = [...plan.notes]
  const note = (route: string, key: string, text: string): void =>
    void notes.push({ route, key, text })
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of plan.routes) {
    const path = pathOf(route, note)
    const keyed = route.rates.some(({ by }) => by === 'key')
    for (const method of methodsOf(route))
      paths[path] = { ...paths[path], [method]: operation(path, upstream, keyed, route) }
  }
  paths['/{proxy+}'] ??= { [ANY]: operation('/{proxy+}', upstream, false, undefined) }
  const keyed = plan.routes.filter(({ rates }) => rates.some(({ by }) => by === 'key'))
  const usage = usagePlan(keyed, note)
  const settings = plan.routes.flatMap(route => methodSettings(route, note))
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `${plan.service}, written by hotpath export aws`,
    Metadata: { NotTheSame: notes.map(said) },
    Resources: {
      Api: {
        Type: 'AWS::ApiGateway::RestApi',
        Properties: { Body: openApi(plan, paths, keyed.length > 0) },
      },
      Deployment: {
        Type: 'AWS::ApiGateway::Deployment',
        Properties: { RestApiId: { Ref: 'Api' } },
      },
      Stage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: {
          RestApiId: { Ref: 'Api' },
          DeploymentId: { Ref: 'Deployment' },
          StageName: 'live',
          ...(settings.some(({ CachingEnabled }) => CachingEnabled === true)
            ? { CacheClusterEnabled: true, CacheClusterSize: '0.5' }
            : {}),
          ...(settings.length === 0 ? {} : { MethodSettings: settings }),
        },
      },
      ...usage,
    },
  }
  return { text: `${JSON.stringify(template, null, 2)}\n`, notes }
}

type Noter = (route: string, key: string, text: string) => void

/** `/users/:id` is `/users/{id}`. */
function pathOf({ name, path }: EdgeRoute, note: Noter): string {
  if (path === undefined) return '/{proxy+}'
  const parts: string[] = []
  for (const part of path.split('/').filter(each => each !== '')) {
    if (/^[\w.~-]+$/.test(part)) parts.push(part)
    else if (/^:\w+$/.test(part)) parts.push(`{${part.slice(1)}}`)
    else {
      note(name, 'path', 'the end of it is taken as anything')
      parts.push('{proxy+}')
      break
    }
  }
  return `/${parts.join('/')}`
}

const methodsOf = ({ method }: EdgeRoute): string[] =>
  method === undefined ? [ANY] : method === 'GET' ? ['get', 'head'] : [method.toLowerCase()]

function operation(
  path: string,
  upstream: string,
  keyed: boolean,
  route: EdgeRoute | undefined,
): object {
  const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name as string)
  const parameters = names.map(name => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const headers = (route?.cache?.headers ?? []).map(name => ({
    name,
    in: 'header',
    required: false,
    schema: { type: 'string' },
  }))
  const passed = names.map(name => [
    `integration.request.path.${name}`,
    `method.request.path.${name}`,
  ])
  const keys = [
    ...names.map(name => `method.request.path.${name}`),
    ...headers.map(({ name }) => `method.request.header.${name}`),
  ]
  return {
    ...(parameters.length + headers.length === 0
      ? {}
      : { parameters: [...parameters, ...headers] }),
    ...(keyed ? { security: [{ api_key: [] }] } : {}),
    responses: { default: { description: 'what the app answers' } },
    'x-amazon-apigateway-integration': {
      type: 'http_proxy',
      httpMethod: 'ANY',
      uri: upstream.replace(/\/$/, '') + path.replace('+}', '}'),
      passthroughBehavior: 'when_no_match',
      ...(passed.length === 0 ? {} : { requestParameters: Object.fromEntries(passed) as object }),
      ...(route?.cache === undefined || keys.length === 0 ? {} : { cacheKeyParameters: keys }),
    },
  }
}

/** What is refused is told as the app tells it. */
function openApi(plan: EdgePlan, paths: object, keyed: boolean): object {
  const refusal = (status: number, title: string) => ({
    statusCode: status,
    responseParameters: {
      'gatewayresponse.header.Retry-After': "'1'",
      'gatewayresponse.header.Cache-Control': "'no-store'",
    },
    responseTemplates: {
      'application/json': JSON.stringify({ type: 'about:blank', title, status }),
    },
  })
  const compresses = plan.routes.some(({ cache }) => cache?.compress === true)
  return {
    openapi: '3.0.1',
    info: { title: plan.service, version: '1' },
    paths,
    ...(keyed
      ? {
          components: {
            securitySchemes: { api_key: { type: 'apiKey', name: 'x-api-key', in: 'header' } },
          },
          'x-amazon-apigateway-api-key-source': 'HEADER',
        }
      : {}),
    ...(compresses ? { 'x-amazon-apigateway-minimum-compression-size': 1024 } : {}),
    'x-amazon-apigateway-gateway-responses': {
      THROTTLED: refusal(429, 'Too Many Requests'),
      QUOTA_EXCEEDED: refusal(429, 'Too Many Requests'),
    },
  }
}

const perSecond = ({ rate }: Pick<EdgeRate, 'rate'>): number => (rate.count * 1_000) / rate.periodMs

/** Throttling by method is for all clients together, as a token bucket. */
function methodSettings(route: EdgeRoute, note: Noter): Record<string, unknown>[] {
  const { name, throttle, cache, rates } = route
  if (rates.some(({ by }) => by === 'ip'))
    note(
      name,
      'limit.by',
      'API Gateway knows no rate for each address: use a rate-based rule of AWS WAF',
    )
  if (route.concurrent !== undefined) note(name, 'concurrency', 'has no equivalent')
  if (route.bodyBytes !== undefined) note(name, 'bodyLimit', 'is 10 MB for all methods')
  if (throttle !== undefined)
    note(name, 'throttle', 'what is over the rate is refused, and does not wait')
  const seconds = cache === undefined ? 0 : Math.max(1, Math.round(cache.ttlMs / 1_000))
  if (cache !== undefined) {
    if (cache.staleMs > 0) note(name, 'cache.stale', 'no stale answers are given')
    if (seconds > MOST_TTL_S) note(name, 'cache.ttl', `is ${MOST_TTL_S} s at most`)
    note(
      name,
      'cache',
      'the query is in the key only where its parameters are named as cacheKeyParameters',
    )
  }
  const setting = {
    ...(throttle === undefined
      ? {}
      : { ThrottlingRateLimit: perSecond(throttle), ThrottlingBurstLimit: throttle.waiting }),
    ...(cache === undefined
      ? {}
      : { CachingEnabled: true, CacheTtlInSeconds: Math.min(seconds, MOST_TTL_S) }),
  }
  if (Object.keys(setting).length === 0) return []
  const all = route.path === undefined
  const path = all
    ? '/*'
    : `/${pathOf(route, () => {})
        .replaceAll('~', '~0')
        .replaceAll('/', '~1')}`
  const methods = route.method === undefined ? ['*'] : [route.method]
  return methods.map(HttpMethod => ({ ResourcePath: path, HttpMethod, ...setting }))
}

/** Rates of clients with a key: one plan, with the rate of each method, and a quota where one is as long. */
function usagePlan(keyed: readonly EdgeRoute[], note: Noter): Record<string, object> {
  if (keyed.length === 0) return {}
  const throttle: Record<string, object> = {}
  let quota: object | undefined
  for (const route of keyed)
    for (const of of route.rates) {
      const period = QUOTAS[of.rate.periodMs]
      if (period !== undefined) {
        note(
          route.name,
          'limit.rate',
          `${of.rate.text} becomes a quota of all routes of the plan together`,
        )
        quota ??= { Limit: of.rate.count, Period: period }
      } else
        for (const method of methodsOf(route))
          throttle[
            `${pathOf(route, () => {})}/${method === ANY ? 'ANY' : method.toUpperCase()}`
          ] ??= {
            RateLimit: perSecond(of),
            BurstLimit: of.burst,
          }
      if (of.header !== 'x-api-key')
        note(route.name, 'limit.keyHeader', 'API Gateway reads x-api-key')
    }
  return {
    UsagePlan: {
      Type: 'AWS::ApiGateway::UsagePlan',
      DependsOn: 'Stage',
      Properties: {
        ApiStages: [
          {
            ApiId: { Ref: 'Api' },
            Stage: 'live',
            ...(Object.keys(throttle).length === 0 ? {} : { Throttle: throttle }),
          },
        ],
        ...(quota === undefined ? {} : { Quota: quota }),
      },
    },
  }
}
