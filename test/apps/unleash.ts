import type { Application, Drive } from './application.js'
import type { Client } from './client.js'
import { unleashTruth } from './unleash-truth.js'

/**
 * Feature flags: Express, Knex, PostgreSQL. Twelve flags with strategies, tags, variants and segments, as
 * one team has them after a month.
 */
const flags = Array.from({ length: 12 }, (_, i) => `flag-${i + 1}`)
const environments = ['development', 'production']
const strategies =
  'POST /api/admin/projects/:projectId/features/:featureName/environments/:environment/strategies'

const pathOf = (flag: string, environment: string): string =>
  `/api/admin/projects/default/features/${flag}/environments/${environment}`

const strategyOf = (rollout: string, groupId: string) => ({
  name: 'flexibleRollout',
  parameters: { rollout, stickiness: 'default', groupId },
  constraints: [{ contextName: 'appName', operator: 'IN', values: ['shop'] }],
  segments: [1],
})

export const unleash: Application = {
  name: 'unleash',
  node: 24,
  start: (url, port) => ({
    args: ['node_modules/unleash-server/dist/server.js'],
    env: {
      DATABASE_URL: url,
      DATABASE_SSL: 'false',
      HTTP_PORT: String(port),
      HTTP_HOST: '127.0.0.1',
      // Nothing goes to the makers from a test.
      CHECK_VERSION: 'false',
      SEND_TELEMETRY: 'false',
      LOG_LEVEL: 'error',
      INIT_CLIENT_API_TOKENS: '*:development.client-token',
      INIT_FRONTEND_API_TOKENS: '*:development.frontend-token',
      SEARCH_FEATURES_RATE_LIMIT_PER_MINUTE: '100000',
    },
  }),
  ready: '/health',
  seed,
  truth: unleashTruth,
  drives: [
    get('/api/admin/projects', 12),
    get('/api/admin/projects/default/overview', 12, '/api/admin/projects/:projectId/overview'),
    get('/api/admin/projects/default/features', 3, '/api/admin/projects/:projectId/features'),
    get(
      '/api/admin/projects/default/features/flag-1',
      9,
      '/api/admin/projects/:projectId/features/:featureName',
    ),
    get('/api/admin/search/features?limit=50', 3, '/api/admin/search/features'),
    get('/api/admin/segments', 3),
    get('/api/admin/segments/1/strategies', 4, '/api/admin/segments/:id/strategies'),
    get('/api/admin/strategies', 3),
    get('/api/admin/context', 3),
    get('/api/admin/tag-types', 3),
    get('/api/admin/feature-types', 3),
    get('/api/admin/environments', 3),
    get('/api/admin/api-tokens', 6),
    get('/api/admin/user-admin', 8),
    get('/api/admin/user', 5),
    get('/api/admin/user/profile', 7),
    get('/api/admin/personal-dashboard', 11),
    get('/api/admin/personal-dashboard/default', 14, '/api/admin/personal-dashboard/:projectId'),
    get('/api/admin/ui-config', 4),
    get('/api/admin/instance-admin/statistics', 34),
    get('/api/admin/events', 5),
    get('/api/admin/search/events', 5),
    get('/api/admin/metrics/applications', 3),
    get('/api/admin/addons', 3),
    get('/api/admin/projects/default/insights', 13, '/api/admin/projects/:projectId/insights'),
    get('/api/admin/projects/default/status', 13, '/api/admin/projects/:projectId/status'),
    get('/api/admin/projects/default/dora', 6, '/api/admin/projects/:projectId/dora'),
    get(
      '/api/admin/projects/default/applications',
      3,
      '/api/admin/projects/:projectId/applications',
    ),
    sdk('/api/client/features', 0, 'client-token'),
    sdk('/api/client/features/flag-1', 1, 'client-token', '/api/client/features/:featureName'),
    sdk('/api/frontend', 0, 'frontend-token'),
    {
      route: 'POST /api/client/metrics',
      send: client =>
        client.send(
          'POST',
          '/api/client/metrics',
          {
            appName: 'shop',
            instanceId: 'one',
            environment: 'development',
            bucket: {
              start: new Date().toISOString(),
              stop: new Date().toISOString(),
              toggles: Object.fromEntries(flags.map(name => [name, { yes: 3, no: 4 }])),
            },
          },
          { authorization: '*:development.client-token' },
        ),
      statements: 0,
    },
    {
      route: 'POST /api/client/register',
      send: client =>
        client.send(
          'POST',
          '/api/client/register',
          {
            appName: 'shop',
            instanceId: 'one',
            strategies: ['default', 'flexibleRollout'],
            started: new Date().toISOString(),
            interval: 10_000,
          },
          { authorization: '*:development.client-token' },
        ),
      statements: 0,
    },
    {
      route: 'POST /api/admin/playground',
      send: client =>
        client.post('/api/admin/playground', {
          environment: 'development',
          projects: ['default'],
          context: { appName: 'shop', userId: '7' },
        }),
      statements: 4,
    },
    {
      route: 'POST /api/admin/playground/advanced',
      send: client =>
        client.post('/api/admin/playground/advanced', {
          environments,
          projects: ['default'],
          context: { appName: 'shop', userId: '7,8' },
        }),
      statements: 5,
    },
    {
      route: 'POST /api/admin/features-batch/export',
      send: client =>
        client.post('/api/admin/features-batch/export', {
          environment: 'development',
          features: flags,
          downloadFile: false,
        }),
      statements: 14,
    },
    {
      route: 'POST /api/admin/projects/:projectId/features',
      send: (client, n) =>
        client.post('/api/admin/projects/default/features', { name: `new-${n}`, type: 'release' }),
      statements: 17,
    },
    {
      route: 'POST /api/admin/projects/:projectId/stale',
      send: client =>
        client.post('/api/admin/projects/default/stale', { features: flags, stale: true }),
      statements: 6,
    },
    {
      route: 'PUT /api/admin/projects/:projectId/tags',
      send: (client, n) =>
        client.send('PUT', '/api/admin/projects/default/tags', {
          features: flags,
          tags: { addedTags: [{ type: 'simple', value: `round-${n}` }], removedTags: [] },
        }),
      statements: 12,
    },
    {
      route: 'POST /api/admin/projects/:projectId/bulk_features/environments/:environment/on',
      send: client =>
        client.post('/api/admin/projects/default/bulk_features/environments/production/on', {
          features: flags,
        }),
      statements: 197,
    },
    {
      route: `${strategies}/set-sort-order`,
      statements: 34,
      send: client =>
        client.post(
          `${pathOf('many', 'development')}/strategies/set-sort-order`,
          (client.known['strategies'] ?? '').split(' ').map((id, sortOrder) => ({ id, sortOrder })),
        ),
    },
    {
      route: strategies,
      statements: 23,
      send: (client, n) =>
        client.post(`${pathOf(`new-${n}`, 'development')}/strategies`, strategyOf('25', 'g')),
    },
    {
      route: strategies.replace(/strategies$/, 'on'),
      statements: 21,
      send: client => client.post(`${pathOf('flag-3', 'production')}/on`, {}),
    },
    get(`${pathOf('many', 'development')}/strategies`, 12, strategies.replace('POST ', '')),
  ],
}

function get(path: string, statements: number, template = path): Drive {
  return { route: `GET ${template.split('?')[0]}`, statements, send: client => client.get(path) }
}

function sdk(path: string, statements: number, token: string, template = path): Drive {
  return {
    route: `GET ${template}`,
    send: client =>
      client.send('GET', path, undefined, { authorization: `*:development.${token}` }),
    statements,
  }
}

async function seed(client: Client): Promise<void> {
  const login = await client.post('/auth/simple/login', {
    username: 'admin',
    password: 'unleash4all',
  })
  client.headers = {
    cookie: login.headers
      .getSetCookie()
      .map(c => c.split(';')[0])
      .join('; '),
  }
  await client.make('/api/admin/segments', {
    name: 'adults',
    constraints: [{ contextName: 'userId', operator: 'IN', values: ['7', '8'] }],
  })
  for (const name of flags) {
    await client.make('/api/admin/projects/default/features', {
      name,
      type: 'release',
      description: `What ${name} does`,
    })
    await client.make(`/api/admin/features/${name}/tags`, {
      type: 'simple',
      value: `team-${name.length}`,
    })
    for (const environment of environments) {
      const path = pathOf(name, environment)
      for (const rollout of ['25', '50']) {
        await client.make(`${path}/strategies`, strategyOf(rollout, name))
      }
      await client.make(`${path}/on`, {})
    }
  }
  await client.make('/api/admin/projects/default/features', { name: 'many', type: 'release' })
  const ids: string[] = []
  for (let i = 1; i <= 8; i++) {
    const path = `${pathOf('many', 'development')}/strategies`
    ids.push(String((await client.make(path, strategyOf(`${i}0`, 'many')))['id']))
  }
  client.known['strategies'] = ids.join(' ')
  for (let i = 1; i <= 8; i++) {
    await client.make('/api/admin/user-admin', {
      name: `User ${i}`,
      username: `user${i}`,
      rootRole: 2,
      sendEmail: false,
      password: 'Str0ng-pass-word!',
    })
  }
  for (const name of ['one', 'two', 'three']) {
    await client.make(
      '/api/client/register',
      {
        appName: `app-${name}`,
        instanceId: name,
        strategies: ['default'],
        started: new Date().toISOString(),
        interval: 10_000,
      },
      'POST',
      { authorization: '*:development.client-token' },
    )
  }
}
