import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkConfig } from 'hotpath/config'
import { parse } from 'yaml'
import { kongConfig } from '../../dist/export/edge/kong.js'
import { pathPattern } from '../../dist/export/edge/path-pattern.js'
import { edgePlan } from '../../dist/export/edge/plan.js'
import { configs } from './forms/configs.js'
import { checkerOf, formOf } from './forms/form.js'

interface Route {
  readonly name: string
  readonly methods?: string[]
  readonly paths: string[]
  readonly plugins?: { readonly name: string; config: Record<string, unknown> }[]
}
interface Declared {
  readonly _format_version: string
  readonly services: { readonly url: string; readonly routes: Route[] }[]
}

const misfits = checkerOf(formOf('kong-3'))
const written = (name: string) => {
  const { text, notes } = kongConfig(edgePlan(configs[name] ?? {}), 'http://127.0.0.1:3000')
  return { text, notes, declared: parse(text) as Declared }
}
const routesOf = ({ services }: Declared): Route[] => services.flatMap(({ routes }) => routes)

/** Kong's regular expressions begin at the start of the path; it takes no repetition of a flag. */
function matcherOf(path: string): RegExp {
  assert.doesNotMatch(path, /\(\?i\)[?*+{]/)
  if (!path.startsWith('~')) return new RegExp(`^${path}`)
  const isAnyCase = path.includes('(?i)')
  return new RegExp(`^${path.slice(1).replace('(?i)', '')}`, isAnyCase ? 'i' : '')
}

describe('a declarative configuration of Kong', () => {
  for (const name of Object.keys(configs))
    test(`has the form that Kong publishes: ${name}`, () => {
      assert.equal(checkConfig(configs[name] ?? {}, 'config').ok, true)
      const { declared } = written(name)
      assert.deepEqual(misfits(declared), [])
      const routes = routesOf(declared)
      // What a schema cannot say: names are unique, and a route has one plugin of a name.
      const unique = (names: string[]): void => assert.deepEqual([...new Set(names)], names)
      unique(routes.map(each => each.name))
      for (const { plugins = [] } of routes) unique(plugins.map(each => each.name))
    })

  test('of another form is refused: the check is one', () => {
    const wrong = (change: (route: Route, plugin: Record<string, unknown>) => void): string[] => {
      const { declared } = structuredClone(written('a shop'))
      const route = routesOf(declared).find(each => each.name === 'POST-orders-id') as Route
      change(route, (route.plugins as NonNullable<Route['plugins']>)[0]?.config ?? {})
      return misfits(declared)
    }
    assert.deepEqual(
      wrong(() => {}),
      [],
    )
    const said: readonly (readonly [RegExp, Parameters<typeof wrong>[0]])[] = [
      [/config\/second must be > 0/, (_, plugin) => (plugin['second'] = 0)],
      [/config\/second must be number/, (_, plugin) => (plugin['second'] = '5')],
      [/config\/hour must be >= 5/, (_, plugin) => (plugin['hour'] = 4)],
      [/config must NOT have additional.*"limit"/, (_, plugin) => (plugin['limit'] = 1)],
      [/limit_by must be equal to one of/, (_, plugin) => (plugin['limit_by'] = 'user')],
      [/must have required property 'header_name'/, (_, plugin) => delete plugin['header_name']],
      [/policy must be equal to one of/, (_, plugin) => (plugin['policy'] = 'cluster')],
      [/paths\/0 must match pattern/, ({ paths }) => (paths[0] = 'orders')],
      [/paths\/0 must NOT be valid/, ({ paths }) => (paths[0] = '/a//b')],
      [/must NOT have additional.*"burst"/, route => Reflect.set(route, 'burst', 5)],
      [/name must match pattern/, route => Reflect.set(route, 'name', 'POST /orders')],
    ]
    for (const [pattern, change] of said) assert.match(wrong(change).join('\n'), pattern)
  })

  test('has for each route the paths that its pattern takes', () => {
    const spellings = ['/', '/menu', '/MENU/', '/users/7', '/users/7/orders/8', '/files/a/b', '/a']
    for (const name of Object.keys(configs))
      for (const route of edgePlan(configs[name] ?? {}).routes) {
        if (route.path === undefined) continue
        const { declared } = written(name)
        const at = edgePlan(configs[name] ?? {}).routes.findIndex(each => each.name === route.name)
        const matcher = matcherOf(routesOf(declared)[at]?.paths[0] ?? '')
        const pattern = new RegExp(pathPattern(route.path), 'i')
        for (const path of spellings)
          assert.equal(matcher.test(path), pattern.test(path), `${route.name} and ${path}`)
      }
  })

  test('says what the config says', () => {
    const { declared } = written('a shop')
    const routes = routesOf(declared)
    const pluginsOf = (name: string) => routes.find(each => each.name === name)?.plugins ?? []
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
    const { text, notes } = written('a shop')
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
