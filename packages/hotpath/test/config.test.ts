import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkConfig } from '../dist/config.js'
import { appRoot, configFile, loadConfig, serviceName } from '../dist/config/load.js'
import { settingsOf } from '../dist/config/settings.js'
import { errors } from '../dist/errors.js'

const problemOf = (value: unknown) => {
  const checked = checkConfig(value, 'hotpath.config.js')
  return checked.ok ? undefined : checked.problem
}

describe('a config is checked', () => {
  test('everything that the types allow passes', () => {
    const full = {
      service: 'shop',
      endpoint: 'https://otlp.example.com/base',
      headers: () => ({ 'x-key': 'k' }),
      trust: ['10.0.0.0/8', '::1', 'fd00::/8', '192.168.1.7'],
      sample: { ordinaryPerSecond: 0, slowPerSecond: 1.5 },
      callSites: { root: '/app' },
      exitMs: 2_000,
      enabled: true,
      pool: {
        leakAfter: '5s',
        maxWaiting: 100,
        lifetime: '30m',
        share: { max: 5, idle: '500ms' },
      },
      queries: { batch: 'shadow', memo: true, maxAgeMs: 500 },
      routes: {
        'GET /users': { queries: { batch: true } },
        'GET /menu': {
          cache: {
            ttl: '30s',
            stale: '10m',
            mode: 'shadow',
            key: { query: { ignore: ['utm_source'] }, headers: ['accept-language', 'X-Api-Key'] },
            shared: ['cookie'],
            tags: ['menu'],
            maxBytes: 1000,
          },
        },
        '*': { queries: { batch: 'off' } },
      },
    }
    assert.deepEqual(checkConfig(full, 'f'), { ok: true, config: full })
    assert.equal(problemOf({}), undefined)
    assert.equal(problemOf({ service: undefined }), undefined)
    assert.equal(problemOf({ pool: { share: true } }), undefined)
    const cache = { tables: ['menu', 'shop.prices'], ttl: '5m', maxBytes: 1e6 }
    assert.equal(problemOf({ queries: { cache, observe: true } }), undefined)
    const channel = { publish: async () => {}, subscribe: async () => async () => {} }
    const strict = { mode: 'strict', store: { versions: {} }, delayCommits: false }
    assert.equal(problemOf({ invalidation: strict }), undefined)
    assert.match(
      problemOf({ invalidation: { mode: 'strict' } })?.message ?? '',
      /"invalidation.store" must be a store of Redis/,
    )
    assert.equal(problemOf({ invalidation: { channel, listen: () => undefined } }), undefined)
    assert.match(
      problemOf({ invalidation: { channel: 'redis' } })?.message ?? '',
      /"invalidation.channel" must be an object with the functions publish and subscribe/,
    )
    const own = { ask: () => undefined, tell() {}, wrote() {}, anything: 7 }
    assert.equal(problemOf({ queries: { cache: own } }), undefined)
  })

  for (const [title, cache, message] of [
    ['no ttl', { stale: '1m' }, /"routes.GET \/menu.cache" must be an object with a ttl/],
    ['a ttl that is none', { ttl: 30 }, /cache.ttl" must be a duration such as '500ms'/],
    [
      'a mode that is none',
      { ttl: '1s', mode: 'yes' },
      /cache.mode" must be 'off', 'shadow' or 'on'/,
    ],
    [
      'both of ignore and only',
      { ttl: '1s', key: { query: { ignore: ['a'], only: ['b'] } } },
      /either ignore or only/,
    ],
    [
      'a credential ignored',
      { ttl: '1s', key: { query: { ignore: ['access_token'] } } },
      /tell nobody apart/,
    ],
    ['a header that is none', { ttl: '1s', key: { headers: ['a b'] } }, /list of header names/],
    ['a key misspelt', { ttl: '1s', stael: '1s' }, /Did you mean "routes.GET \/menu.cache.stale"/],
  ] as const) {
    test(`a cache of responses with ${title}`, () => {
      const told = problemOf({ routes: { 'GET /menu': { cache } } })
      assert.match(told?.message ?? '', message)
    })
  }

  test('a cache of responses under no route of GET', () => {
    for (const route of ['*', 'POST /menu', 'HEAD /menu'])
      assert.match(
        problemOf({ routes: { [route]: { cache: { ttl: '1s' } } } })?.message ?? '',
        /under a route of GET by its name/,
      )
  })

  for (const [title, value, message] of [
    [
      'a key misspelt',
      { servce: 'x' },
      'hotpath.config.js: unknown key "servce". Did you mean "service"?',
    ],
    [
      'in another case',
      { callsites: {} },
      'hotpath.config.js: unknown key "callsites". Did you mean "callSites"?',
    ],
    [
      'one level down',
      { sample: { slowPerSec: 1 } },
      'hotpath.config.js: unknown key "sample.slowPerSec". Did you mean "sample.slowPerSecond"?',
    ],
    [
      'a key like no other',
      { redis: {} },
      'hotpath.config.js: unknown key "redis". Known keys: service, endpoint, headers, protocol, trust, sample, callSites, exitMs, profile, explain, enabled, pool, queries, invalidation, cdn, identify, trustProxy, ipv6Prefix, shed, server, routes.',
    ],
    [
      'no yes or no',
      { explain: 'on' },
      'hotpath.config.js: "explain" must be true or false, not "on".',
    ],
    [
      'no duration',
      { pool: { leakAfter: 5 } },
      `hotpath.config.js: "pool.leakAfter" must be a duration such as '500ms', '5s', '10m' or '1h', not 5.`,
    ],
    [
      'no count',
      { pool: { share: { max: 0 } } },
      'hotpath.config.js: "pool.share.max" must be a whole number from 1 up, not 0.',
    ],
    [
      'no mode of batching',
      { queries: { batch: 'maybe' } },
      `hotpath.config.js: "queries.batch" must be 'off', 'shadow', 'on', true or false, not "maybe".`,
    ],
    [
      'a cache of tables without a unit',
      { queries: { cache: { tables: ['menu'], ttl: 60 } } },
      "hotpath.config.js: \"queries.cache.ttl\" must be a duration such as '500ms', '5s', '10m' or '1h', not 60.",
    ],
    [
      'a word that a cache of a route does not know',
      { routes: { 'GET /menu': { cache: { tll: '30s' } } } },
      'hotpath.config.js: unknown key "routes.GET /menu.cache.tll". Did you mean "routes.GET /menu.cache.ttl"?',
    ],
    [
      'a cache of no tables',
      { queries: { cache: { tables: [] } } },
      'hotpath.config.js: "queries.cache.tables" must be a list of names, not an empty list.',
    ],
    [
      'half a cache of statements',
      { queries: { cache: { ask: () => undefined } } },
      'hotpath.config.js: "queries.cache" must be an object with tables, such as { tables: [\'menu\'] }, or with ask, tell and wrote, not an object with ask.',
    ],
    [
      'a route that is none',
      { routes: { users: {} } },
      `hotpath.config.js: "routes" must be an object with keys such as 'GET /users', not an object with users.`,
    ],
    [
      'a key misspelt inside a route',
      { routes: { 'GET /users': { querys: {} } } },
      'hotpath.config.js: unknown key "routes.GET /users.querys". Did you mean "routes.GET /users.queries"?',
    ],
    [
      'no URL',
      { endpoint: 'localhost:4318' },
      'hotpath.config.js: "endpoint" must be a URL such as http://127.0.0.1:4318, not "localhost:4318".',
    ],
    [
      'no block',
      { trust: ['10.0.0.0/33'] },
      'hotpath.config.js: "trust" must be a list of addresses or blocks such as 10.0.0.0/8, not a list with something else in it.',
    ],
    [
      'a negative rate',
      { sample: { ordinaryPerSecond: -1 } },
      'hotpath.config.js: "sample.ordinaryPerSecond" must be a number from 0 up, not -1.',
    ],
    [
      'a wait at the end that outlasts a supervisor',
      { exitMs: 60_000 },
      'hotpath.config.js: "exitMs" must be milliseconds, from 0 to 10000, not 60000.',
    ],
    [
      'a header that is no text',
      { headers: { a: 1 } },
      'hotpath.config.js: "headers" must be an object of strings, or a function that returns one, not an object with a.',
    ],
    ['no object at all', 'x', 'hotpath.config.js: "default export" must be an object, not "x".'],
  ] as const) {
    test(`${title} is a problem that says what to do`, () => {
      assert.equal(problemOf(value)?.message, message)
    })
  }

  test('a header that is wrong is not quoted: it is a secret', () => {
    assert.ok(
      !problemOf({ headers: { authorization: 5, key: 'secret' } })?.message.includes('secret'),
    )
  })
})

describe('a config file', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hotpath-config-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const load = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return loadConfig(path)
  }

  test('may be an ES module or JSON', async () => {
    const config = { service: 'a' }
    assert.deepEqual(await load('hotpath.config.mjs', 'export default { service: "a" }'), {
      ok: true,
      config,
    })
    assert.deepEqual(await load('hotpath.config.json', '{ "service": "a" }'), { ok: true, config })
  })

  test('in TypeScript is read where Node does, else the problem says what to do', async () => {
    const loaded = await load('hotpath.config.ts', 'export default { service: "a" as string }')
    if ((process.features as { typescript?: unknown }).typescript) assert.ok(loaded.ok)
    else assert.ok(!loaded.ok && loaded.problem.code === 'HOTPATH_CONFIG_TYPESCRIPT')
  })

  test('that does not load is a problem with the reason in one line', async () => {
    for (const [name, text] of [
      ['broken.mjs', 'export default {'],
      ['throws.mjs', 'throw new Error("first\\nsecond")'],
      ['broken.json', '{'],
    ] as const) {
      const loaded = await load(name, text)
      assert.ok(!loaded.ok && loaded.problem.code === 'HOTPATH_CONFIG_LOAD')
      assert.ok(!loaded.problem.message.includes('\n'))
    }
  })

  test('is looked for beside the nearest package.json', () => {
    writeFileSync(join(folder, 'package.json'), '{ "name": "the-app" }')
    const below = join(folder, 'src', 'deep')
    assert.equal(appRoot(below), folder)
    assert.equal(configFile(folder), join(folder, 'hotpath.config.mjs'))
    assert.equal(serviceName(folder, '/x/server.js'), 'the-app')
    assert.equal(serviceName(below, '/x/server.mjs'), 'server')
  })
})

describe('settings', () => {
  const app = { root: '/app', name: 'app' }

  test('without config and environment', () => {
    const settings = settingsOf({}, {}, app)
    assert.equal(settings.service, 'app')
    assert.equal(settings.export.targets.traces.url, 'http://127.0.0.1:4318/v1/traces')
    assert.equal(settings.root, '/app')
    assert.equal(settings.enabled, true)
    assert.equal(settings.dev, false)
  })

  test('HOTPATH_* goes before the file, the file before OTEL_*', () => {
    const otel = { OTEL_SERVICE_NAME: 'otel', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318/' }
    const own = { ...otel, HOTPATH_SERVICE: 'own', HOTPATH_ENDPOINT: 'http://own:1' }
    const file = { service: 'file', endpoint: 'http://file:1' }
    const of = (config: object, environment: Record<string, string>) => {
      const { service, export: exporting } = settingsOf(config, environment, app)
      return [service, exporting.targets.traces.url.replace('/v1/traces', '')]
    }
    assert.deepEqual(of(file, own), ['own', 'http://own:1'])
    assert.deepEqual(of(file, otel), ['file', 'http://file:1'])
    assert.deepEqual(of({}, otel), ['otel', 'http://otel:4318'])
  })

  test("OpenTelemetry's headers go to its endpoint and to no other", () => {
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, x=y=z,=no',
    }
    assert.deepEqual(settingsOf({}, environment, app).headers, { 'api-key': 'a b', x: 'y=z' })
    const elsewhere = { ...environment, HOTPATH_ENDPOINT: 'http://other:1' }
    assert.deepEqual(settingsOf({}, elsewhere, app).headers, {})
  })

  test('the wait at the end: environment, then file, then half a second; never over ten', () => {
    const exitMs = (config: object, value?: string) =>
      settingsOf(config, { HOTPATH_EXIT_MS: value }, app).exitMs
    assert.deepEqual(
      [exitMs({}), exitMs({ exitMs: 0 }), exitMs({ exitMs: 0 }, '70'), exitMs({}, '60000')],
      [500, 0, 70, 10_000],
    )
    assert.equal(exitMs({}, 'soon'), 500)
  })

  test('a signal’s own endpoint is taken as it is, and has its own headers', () => {
    const { export: exporting } = settingsOf(
      {},
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel/base/?key=1',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces:4318/in',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x=y',
        OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      },
      app,
    )
    assert.deepEqual(exporting.targets, {
      traces: { url: 'https://traces:4318/in', headers: { x: 'y' } },
      metrics: { url: 'https://otel/base/v1/metrics?key=1' },
    })
    assert.deepEqual([exporting.protocol, exporting.compression], ['http/protobuf', 'none'])
  })

  test('to the console it is JSON, to OpenTelemetry’s endpoint protobuf, unless asked otherwise', () => {
    const otel = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318' }
    const asked = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
    const of = (environment: Record<string, string>, config = {}) =>
      settingsOf(config, environment, app).export.protocol
    assert.deepEqual(
      [
        of({}),
        of({ HOTPATH_ENDPOINT: 'http://own:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }),
        of({ HOTPATH_ENDPOINT: 'http://own:1', HOTPATH_PROTOCOL: 'http/protobuf' }),
        of({}, { protocol: 'http/protobuf' }),
        of(otel),
        of({ ...otel, ...asked }),
      ],
      ['http/json', 'http/json', 'http/protobuf', 'http/protobuf', 'http/protobuf', 'http/json'],
    )
  })

  test('a variable that cannot be meant is named, and the default holds', () => {
    const { problems, targets } = settingsOf(
      {},
      { HOTPATH_ENDPOINT: 'console:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      app,
    ).export
    assert.deepEqual(
      problems.map(each => each.message),
      ['HOTPATH_ENDPOINT must be a URL such as http://127.0.0.1:4318.'],
    )
    assert.equal(targets.traces.url, 'http://127.0.0.1:4318/v1/traces')
  })

  test('HOTPATH_DISABLED switches off, 0 and false do not', () => {
    const enabled = (value: string) => settingsOf({}, { HOTPATH_DISABLED: value }, app).enabled
    assert.deepEqual(['1', 'true', '0', 'false', ''].map(enabled), [false, false, true, true, true])
  })
})

test('every row of the table of errors is a sentence; those of the config name the file or the variable', () => {
  for (const [code, message] of Object.entries(errors)) {
    assert.match(code, /^HOTPATH_[A-Z_]+$/)
    if (/^HOTPATH_(?:CONFIG|ENVIRONMENT|OTEL)/.test(code))
      assert.match(message, /\{file\}|^\{key\}/, code)
  }
})
