import { type Exported, said } from './nginx.js'
import { type ApiPath, apiPaths, pathsOf } from './aws-paths.js'
import { isKeyed, methodSettings, methodsOf, settingPath, usagePlan } from './aws-rates.js'
import type { EdgePlan, EdgeRoute, Note, Noter } from './plan.js'

const ANY = 'x-amazon-apigateway-any-method'
/** Those of OpenAPI 3.0 that API Gateway takes. */
const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH'])

/**
 * A CloudFormation template for API Gateway (REST): the API as OpenAPI 3 with Amazon's extensions, and beside
 * it what OpenAPI has no extension for, throttling by method and usage plans of API keys.
 */
export function awsTemplate(plan: EdgePlan, upstream: string): Exported {
  const notes: Note[] = [...plan.notes]
  const note: Noter = (route, key, text) => void notes.push({ route, key, text })
  const routes = plan.routes.filter(({ name, method, path }) => {
    if (path === undefined || METHODS.has(String(method))) return true
    note(name, 'method', `API Gateway knows no ${method}: the route is left out`)
    return false
  })
  const rest = routes.find(({ path }) => path === undefined)
  const paths = apiPaths(routes, note)
  const keyed = routes.filter(isKeyed)
  const settings = [
    ...(rest === undefined ? [] : methodSettings(rest, ['/*'], note)),
    ...routes.flatMap(route =>
      route === rest ? [] : methodSettings(route, pathsOf(route, paths).map(settingPath), note),
    ),
  ]
  const usage = usagePlan(keyed, paths, note)
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `${plan.service}, written by hotpath export aws`,
    Metadata: { NotTheSame: notes.map(said) },
    Resources: {
      Api: {
        Type: 'AWS::ApiGateway::RestApi',
        Properties: {
          Body: openApi(plan, operations(paths, upstream, rest), keyed.length > 0),
        },
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

type PathItem = Record<string, object>

function operations(
  paths: readonly ApiPath[],
  upstream: string,
  rest: EdgeRoute | undefined,
): Readonly<Record<string, PathItem>> {
  const items = paths.map(({ path, routes }): [string, PathItem] => {
    const item: PathItem = {}
    for (const route of routes)
      for (const method of methodsOf(route))
        item[method.toLowerCase()] ??= operation(path, upstream, route)
    return [path, { ...item, [ANY]: operation(path, upstream, rest) }]
  })
  return Object.fromEntries(items)
}

function operation(path: string, upstream: string, route: EdgeRoute | undefined): object {
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
    ...(route !== undefined && isKeyed(route) ? { security: [{ api_key: [] }] } : {}),
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
    statusCode: String(status),
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
